import type { OpenSecret } from "../../core/open-secret.js";
import type { SessionRecord } from "../../core/session.js";
import type { Controller } from "../controller.js";
import { readSessionProfile } from "../session-profile.js";

/** Says that of the keys which the profile of an agent looks for none is there, nor a login in its home: what the agent itself says of it advises to log in inside. */
export function noticeNoKey(
  { notice }: Pick<Controller, "notice">,
  record: Pick<SessionRecord, "profile">,
  given: readonly Pick<OpenSecret, "hosts">[],
): void {
  const { secrets = {} } = readSessionProfile(record) ?? {};
  const names = Object.keys(secrets);
  const rules = Object.values(secrets);
  if (names.length === 0 || !rules.every(({ optional }) => optional === true)) return;
  const hosts = new Set(rules.flatMap((rule) => rule.hosts.map(({ host }) => host)));
  if (given.some((secret) => secret.hosts.some(({ host }) => hosts.has(host)))) return;
  const which = names.length === 1 ? `${names[0]} is not` : `none of ${names.join(", ")} is`;
  notice(`sandbox: ${which} set here: an agent that needs a key has none inside`);
}
