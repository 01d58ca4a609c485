import { SandboxError } from "../../core/error.js";
import type { ImageFacts } from "../engine.js";
import type { Daemon } from "./open-daemon.js";
import { pick, pickText, toList } from "./parse-answer.js";

/** What `docker run` takes as an image, as far as it can stand in a URL and in no option (distribution/reference). */
const REFERENCE = /^[a-zA-Z0-9][\w.:/@+-]*$/;

/** Finds an image at the daemon, or pulls it. Throws `sandbox-unavailable` where there is none. */
export async function resolveImage(daemon: Daemon, reference: string): Promise<ImageFacts> {
  refuseFiles(reference);
  if (!REFERENCE.test(reference))
    throw new SandboxError(
      "sandbox-unavailable",
      `--image ${reference}: not the name of an image`,
      {
        hint: "`docker images` lists those that the daemon has",
      },
    );
  const found = (await inspect(daemon, reference)) ?? (await pull(daemon, reference));
  const id = pickText(found, "Id");
  const os = pick(found, "Os");
  if (os !== "linux")
    throw new SandboxError(
      "sandbox-unavailable",
      `--image ${reference}: an image for ${String(os)}, not for linux`,
    );
  const variables = toList(pick(found, "Config", "Env")).map(String);
  return {
    image: { reference, id },
    env: Object.fromEntries(
      variables.map((line) => [line.split("=")[0] ?? "", line.slice(line.indexOf("=") + 1)]),
    ),
  };
}

/** What the other engine takes as an image: archives and layouts. A daemon has to be given them. */
const FILES =
  /^(?:(?:docker-archive|oci|oci-archive):)?(?=[./~])(.*)$|^(?:docker-archive|oci|oci-archive):(.*)$/s;

function refuseFiles(reference: string): void {
  const [isFile, one, other] = FILES.exec(reference) ?? [];
  const name = /^docker-daemon:(.*)$/s.exec(reference)?.[1];
  if (isFile === undefined && name === undefined) return;
  const hint =
    name === undefined
      ? `\`docker load -i ${one ?? other}\`, then --image with the name it says; or --engine oci, which takes it as it is`
      : `--image ${name}`;
  const message = `--image ${reference}: the docker engine takes names of images that its daemon has or can pull`;
  throw new SandboxError("sandbox-unavailable", message, { hint });
}

function inspect(daemon: Daemon, reference: string): Promise<unknown> {
  return daemon.request({
    method: "GET",
    path: `/images/${reference}/json`,
    doing: `look at the image ${reference}`,
    tolerate: [404],
  });
}

async function pull(daemon: Daemon, reference: string): Promise<unknown> {
  const hasTag = /[:@][^/]*$/.test(reference);
  const reason = await tryPull(daemon, hasTag ? reference : `${reference}:latest`);
  const found = reason === undefined ? await inspect(daemon, reference) : undefined;
  if (found !== undefined) return found;
  throw new SandboxError(
    "sandbox-unavailable",
    `--image ${reference}: the daemon has no such image and cannot pull it${reason === undefined ? "" : `: ${reason}`}`,
    { hint: "`docker images` lists those it has; `docker load` and `docker import` bring others" },
  );
}

/** Why it could not be pulled. */
async function tryPull(daemon: Daemon, fromImage: string): Promise<string | undefined> {
  try {
    const answer = await daemon.request({
      method: "POST",
      path: "/images/create",
      query: { fromImage },
      doing: `pull ${fromImage}`,
      mayTakeLong: true,
    });
    const text = Buffer.isBuffer(answer) ? answer.toString() : JSON.stringify(answer);
    return /"error":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
  } catch (error) {
    return error instanceof Error
      ? error.message.replace(/^docker cannot pull \S+: /, "")
      : String(error);
  }
}
