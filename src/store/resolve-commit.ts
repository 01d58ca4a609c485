import { SandboxError } from "../core/error.js";
import { parseCommitId } from "../core/ids.js";
import type { CommitRecord } from "../core/session.js";
import { listCommits, readCommit } from "./commit-reader.js";
import { type Candidate, chooseLatest, type ResolveOptions, toAmbiguous } from "./latest.js";
import { parseReference } from "./reference.js";
import { findNamed, type Resolved } from "./resolve-session.js";
import type { StoreLayout } from "./store-layout.js";

const HINT = "sandbox show SESSION lists those of a session";

/** See `Store.resolveCommit`. */
export function resolveCommit(
  layout: StoreLayout,
  text: string,
  options: ResolveOptions,
): Resolved<CommitRecord> {
  const reference = parseReference(text, "commit");
  if (reference.kind === "latest") return resolveLatest(layout, options);
  if (reference.kind === "name") return { record: findOfSession(layout, text) };
  if (reference.of === "session") throw toWrongKind(layout, text);
  const id = parseCommitId(text);
  return { record: id === undefined ? findByPrefix(layout, text) : readCommit(layout, id) };
}

/** The commit that stands of the session called `name`. */
function findOfSession(layout: StoreLayout, name: string): CommitRecord {
  const session = findNamed(layout, name)?.session;
  if (session === undefined)
    throw new SandboxError("not-found", `no commit, and no session, is called ${name}`, {
      hint: HINT,
    });
  const found = listCommits(layout).commits.filter(
    (commit) => commit.session === session && isStanding(commit),
  );
  const [first] = found;
  if (first === undefined)
    throw new SandboxError("not-found", `the session ${name} has no commit that stands`);
  if (found.length > 1) throw toAmbiguous(name, found.map(toCandidate));
  return first;
}

function findByPrefix(layout: StoreLayout, prefix: string): CommitRecord {
  const { commits, damaged } = listCommits(layout);
  const found = commits.filter(({ commit }) => commit.startsWith(prefix));
  const [first] = found;
  if (first === undefined) {
    const broken = damaged.find((file) => file.path.startsWith(`${layout.commits}/${prefix}`));
    if (broken !== undefined)
      throw new SandboxError("damaged", `${broken.path} is damaged: ${broken.reason}`);
    throw new SandboxError("not-found", `no commit ${prefix}…`, { hint: HINT });
  }
  if (found.length > 1) throw toAmbiguous(prefix, found.map(toCandidate));
  return first;
}

function resolveLatest(layout: StoreLayout, options: ResolveOptions): Resolved<CommitRecord> {
  const standing = listCommits(layout).commits.filter(isStanding);
  const chosen = chooseLatest(standing.map(toCandidate), options);
  if (chosen === undefined)
    throw new SandboxError("not-found", "there is no commit that could be rolled back");
  return { record: chosen.record, notice: `latest: ${chosen.line}` };
}

/** A commit of a session that is complete and not rolled back, or only in part; a rollback itself is undone only by its id. */
function isStanding(commit: CommitRecord): boolean {
  const { state, undoes } = commit;
  return undoes === undefined && (state === "sealed" || state === "partly-rolled-back");
}

function toWrongKind(layout: StoreLayout, text: string): SandboxError {
  const of = listCommits(layout).commits.filter((commit) => commit.session.startsWith(text));
  const names = of.filter(isStanding).map(({ commit }) => commit);
  return new SandboxError("usage", `${text} is a session, a commit was asked for`, {
    hint: names.length === 0 ? "it has no commit" : `its commits: ${names.join(", ")}`,
  });
}

function toCandidate(record: CommitRecord): Candidate & { readonly record: CommitRecord } {
  const { commit, session, createdAt, workspaces, applied, state } = record;
  const partly = state === "partly-rolled-back" ? ", partly rolled back" : "";
  const changes = `${applied === 1 ? "1 change" : `${applied} changes`}${partly}`;
  const line = `${commit}  ${createdAt}  ${changes}  of ${session}  ${workspaces.join(", ")}`;
  return { id: commit, workspaces, at: createdAt, open: true, line, record };
}
