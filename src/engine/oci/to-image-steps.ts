import { realpathSync, statSync } from "node:fs";
import path from "node:path";
import type { SandboxMount, SandboxSpec } from "../../core/sandbox-spec.js";
import { listLibraries } from "../../host/list-libraries.js";
import type { StoredImage } from "../images/stored-image.js";
import { toNetworkFiles, toPrivateSteps } from "./to-base-steps.js";
import type { StageStep } from "./to-stage-plan.js";
import type { UserAndGroup } from "./user-and-group.js";

/** Where the host's perl lies inside: the init runs by its own loader and libraries, whatever the image has. */
const PERL_PLACE = "/.sandbox";

/** How a Perl program is started in an image. */
export const IMAGE_PERL: readonly string[] = [
  `${PERL_PLACE}/ld.so`,
  "--library-path",
  `${PERL_PLACE}/lib`,
  `${PERL_PLACE}/perl`,
];

/** What every sandbox has over its image: private places, who it is, the init's perl, and a place for each mount. */
export function toImageSteps(
  spec: SandboxSpec,
  {
    user,
    image,
    perl,
  }: { readonly user: UserAndGroup; readonly image: StoredImage; readonly perl: string },
): readonly StageStep[] {
  return [
    ...toPrivateSteps(spec),
    ["dir", spec.home],
    // Where the init reads the terminal's size.
    ...(spec.terminal ? [["point", "/run/size", "file"] as const] : []),
    ...toIdentityFiles(spec, user, image),
    ...toNetworkFiles(spec),
    ...toPerlSteps(perl),
    ...spec.mounts.map((mount): StageStep => ["point", mount.target, toType(mount)]),
  ];
}

function toPerlSteps(perl: string): readonly StageStep[] {
  const { loader, libraries } = listLibraries(perl);
  const files = [
    ["ld.so", loader],
    ["perl", perl],
    ...libraries.map((file) => [`lib/${path.basename(file)}`, file] as const),
  ] as const;
  return files.flatMap(([name, file]): readonly StageStep[] => [
    ["point", `${PERL_PLACE}/${name}`, "file"],
    ["readonly", `${PERL_PLACE}/${name}`, realpathSync(file)],
  ]);
}

function toType(mount: SandboxMount): "dir" | "file" {
  switch (mount.kind) {
    case "overlay":
      return "dir";
    case "readonly":
      // What is not there is the stage's to tell.
      return statSync(mount.source, { throwIfNoEntry: false })?.isFile() === true ? "file" : "dir";
    case "hidden":
      return mount.type;
  }
}

/** The task's own entries first: whoever asks by name or number finds them. */
function toIdentityFiles(
  { userName, home }: SandboxSpec,
  { uid, gid }: UserAndGroup,
  image: StoredImage,
): readonly StageStep[] {
  const passwd = [
    `${userName}:x:${uid}:${gid}::${home}:/bin/sh`,
    ...othersThan(image.passwd, { name: userName, id: uid, fields: 7 }),
  ];
  const group = [
    `${userName}:x:${gid}:`,
    ...othersThan(image.group, { name: userName, id: gid, fields: 4 }),
  ];
  return [
    ["file", "/etc/passwd", `${passwd.join("\n")}\n`],
    ["file", "/etc/group", `${group.join("\n")}\n`],
  ];
}

function othersThan(
  text: string,
  own: { readonly name: string; readonly id: number; readonly fields: number },
): readonly string[] {
  return text.split("\n").filter((line) => {
    const fields = line.split(":");
    return fields.length === own.fields && fields[0] !== own.name && fields[2] !== String(own.id);
  });
}
