import { SandboxError } from "../../core/error.js";

/** A profile in Docker's format (docs.docker.com/engine/security/seccomp), as far as this project uses it. */
interface SeccompProfile {
  readonly defaultAction: string;
  readonly defaultErrnoRet: number;
  readonly archMap: readonly {
    readonly architecture: string;
    readonly subArchitectures: readonly string[];
  }[];
  readonly syscalls: readonly SeccompRule[];
}

/** The `linux.seccomp` section of an OCI configuration. */
export interface SeccompSection {
  readonly defaultAction: string;
  readonly defaultErrnoRet: number;
  readonly architectures: readonly string[];
  readonly syscalls: readonly Omit<SeccompRule, "includes">[];
}

interface SeccompRule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly object[];
  readonly includes?: { readonly arches?: readonly string[] };
}

/** Node's name of an architecture → libseccomp's and Go's, which profiles use. */
const ARCHITECTURES: Readonly<Record<string, { readonly scmp: string; readonly go: string }>> = {
  x64: { scmp: "SCMP_ARCH_X86_64", go: "amd64" },
  arm64: { scmp: "SCMP_ARCH_AARCH64", go: "arm64" },
};

/** The `linux.seccomp` section of an OCI configuration for this machine (runtime-spec, config-linux.md). */
export function toSeccompSection(profileText: string, nodeArch: string): SeccompSection {
  const architecture = ARCHITECTURES[nodeArch];
  if (architecture === undefined)
    throw new SandboxError(
      "sandbox-unavailable",
      `no seccomp rules for the architecture ${nodeArch}`,
    );
  const profile = JSON.parse(profileText) as SeccompProfile;
  const mapped = profile.archMap.find((entry) => entry.architecture === architecture.scmp);
  if (mapped === undefined)
    throw new SandboxError(
      "sandbox-unavailable",
      `the seccomp profile has no entry for ${architecture.scmp}`,
    );
  return {
    defaultAction: profile.defaultAction,
    defaultErrnoRet: profile.defaultErrnoRet,
    architectures: [mapped.architecture, ...mapped.subArchitectures],
    syscalls: profile.syscalls
      .filter(({ includes }) => includes?.arches?.includes(architecture.go) ?? true)
      .map(({ names, action, errnoRet, args }) => ({
        names,
        action,
        ...(errnoRet === undefined ? {} : { errnoRet }),
        ...(args === undefined ? {} : { args }),
      })),
  };
}
