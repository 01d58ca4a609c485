import { LABELS } from "./labels.js";
import type { Daemon } from "./open-daemon.js";
import { pick, pickText, toList } from "./parse-answer.js";

/** A thing of ours that a daemon has. */
export interface LabelledThing {
  /** What to remove it by. */
  readonly id: string;
  readonly kind: string;
  readonly sandboxId: string | undefined;
  readonly owner: string | undefined;
  readonly content: string | undefined;
  /** An image's, with its tag. */
  readonly names: readonly string[];
}

/** Containers with our label of this state directory, and of this sandbox where one is named; running or not. */
export async function listContainers(
  daemon: Daemon,
  of: { readonly home: string; readonly sandboxId?: string },
): Promise<readonly LabelledThing[]> {
  const answer = await daemon.request({
    method: "GET",
    path: "/containers/json",
    query: { all: true, filters: toFilters(of) },
    doing: "list containers",
  });
  return toThings(answer, { home: of.home, idOf: (one) => pickText(one, "Id") });
}

/** The same of volumes. */
export async function listVolumes(
  daemon: Daemon,
  of: { readonly home: string; readonly sandboxId?: string },
): Promise<readonly LabelledThing[]> {
  const answer = await daemon.request({
    method: "GET",
    path: "/volumes",
    query: { filters: toFilters(of) },
    doing: "list volumes",
  });
  return toThings(pick(answer, "Volumes"), { home: of.home, idOf: (one) => pickText(one, "Name") });
}

/** The same of images. */
export async function listImages(
  daemon: Daemon,
  of: { readonly home: string },
): Promise<readonly LabelledThing[]> {
  const answer = await daemon.request({
    method: "GET",
    path: "/images/json",
    query: { filters: toFilters(of) },
    doing: "list images",
  });
  return toThings(answer, { home: of.home, idOf: (one) => pickText(one, "Id") });
}

function toFilters(of: { readonly home: string; readonly sandboxId?: string }): object {
  const session = of.sandboxId === undefined ? [] : [`${LABELS.session}=${of.sandboxId}`];
  return { label: [`${LABELS.home}=${of.home}`, ...session] };
}

/** A daemon that forgets to filter must not make us remove what is not ours. */
function toThings(
  answer: unknown,
  of: { readonly home: string; readonly idOf: (one: unknown) => string },
): readonly LabelledThing[] {
  return toList(answer)
    .filter((one) => pick(one, "Labels", LABELS.home) === of.home)
    .map((one) => {
      const label = (name: string): string | undefined => {
        const value = pick(one, "Labels", name);
        return typeof value === "string" ? value : undefined;
      };
      return {
        id: of.idOf(one),
        kind: label(LABELS.kind) ?? "",
        sandboxId: label(LABELS.session),
        owner: label(LABELS.owner),
        content: label(LABELS.content),
        names: toList(pick(one, "RepoTags")).map(String),
      };
    });
}
