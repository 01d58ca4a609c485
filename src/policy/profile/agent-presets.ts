/** Profiles of `profiles/` that are for the program of the same name. */
export const AGENT_PRESETS = [
  "claude",
  "codex",
  "gemini",
  "opencode",
  "aider",
  "qwen",
  "pi",
  "goose",
] as const;

/** The preset for a command, by its program's name; undefined: there is none. */
export function toPresetName([program = ""]: readonly string[]): string | undefined {
  const name = program.slice(program.lastIndexOf("/") + 1);
  return AGENT_PRESETS.find((preset) => preset === name);
}
