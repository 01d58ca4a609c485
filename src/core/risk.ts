/** How much attention something deserves. May grow. */
export type Level = "high" | "medium" | "low";

/** Why a change deserves attention before it is committed. */
export interface Risk {
  readonly id: RiskId;
  readonly level: Level;
  /** One line for a person, without the path. */
  readonly reason: string;
}

/** What a change can do beyond its own bytes. */
export const RISK_IDS = [
  /** A file that some program on the host will run or obey later. */
  "runs-later",
  /** setuid, setgid, file capabilities: the result would have more rights than its maker. */
  "raises-rights",
  /** The result would belong to someone else than the task. */
  "foreign-owner",
  "newly-executable",
  /** A symbolic link that is absolute or leads out of the workspace. */
  "escaping-link",
  /** An extended attribute that only overlayfs writes: never committed. */
  "forged-mark",
  /** A hard link of the base that the change would break. */
  "link-split",
  /** A name that looks like another one: control characters, bidi, case twins, leading dash. */
  "odd-name",
  "deletes",
] as const;

export type RiskId = (typeof RISK_IDS)[number];

/** Policy's answer to one change, with the rule that gave it. */
export interface Decision {
  readonly decision: "allow" | "ask" | "deny";
  /** The rule's id; `builtin:…` where no profile says otherwise. */
  readonly rule: string;
  readonly reason: string;
}
