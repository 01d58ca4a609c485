import type { CompileFilterInput } from "./compile-filter.js";
import { openFilterCache } from "./filter-cache.js";
import type { OciConfigInput } from "./to-oci-config.js";

/** What `obtainFilter` needs. */
export interface ObtainFilterInput extends CompileFilterInput {
  readonly cacheDir: string;
}

/**
 * The seccomp part of a configuration. crun takes a filter compiled before, which saves it 10 ms at each start; the first
 * start of a profile compiles it. runc, and crun where that filter is not what the profile promises, get the rules.
 */
export async function obtainFilter(input: ObtainFilterInput): Promise<OciConfigInput["seccomp"]> {
  if (input.runtime.name === "crun") {
    const cache = openFilterCache(input.cacheDir, input.runtime, input.profileText);
    const filter = cache.read() ?? (await compileAndKeep(input, cache));
    if (filter !== undefined) return { bpf: filter.toString("base64") };
  }
  const { toSeccompSection } = await import("./read-seccomp.js");
  const section = toSeccompSection(input.profileText, process.arch);
  if (input.runtime.name !== "runsc") return { section };
  const { toGvisorSection } = await import("./to-gvisor-section.js");
  return { section: toGvisorSection(section) };
}

async function compileAndKeep(
  input: ObtainFilterInput,
  cache: ReturnType<typeof openFilterCache>,
): Promise<Buffer | undefined> {
  const { compileFilter } = await import("./compile-filter.js");
  const filter = await compileFilter(input);
  if (filter !== undefined) cache.write(filter);
  return filter;
}
