import { type GitFiles, type GitObjects, openGitObjects } from "./git-objects.js";

/** A commit a task made; the subject is as it is in the object, not neutralised. */
interface GitCommit {
  readonly id: string;
  readonly subject: string;
}

/** A branch, tag or other ref that points elsewhere than before. */
export interface GitRefChange {
  /** `refs/heads/main`, or `HEAD` where that is detached. */
  readonly name: string;
  readonly before?: string;
  readonly after?: string;
  /** New ones that it leads to, newest first, each said once. */
  readonly commits: readonly GitCommit[];
}

/** What the changes below one `.git` directory mean. */
export interface GitStory {
  /** What HEAD is, `refs/heads/main` or an id, where that changed. */
  readonly head?: { readonly before?: string; readonly after?: string };
  readonly refs: readonly GitRefChange[];
  /** What could not be read, or was too much. */
  readonly notes: readonly string[];
}

const MOST_COMMITS = 200;
const MOST_REFS = 200;
const MOST_REF_BYTES = 4096;
const MOST_PACKED_BYTES = 4 << 20;

/** Compares refs before and after, and reads the new commits they lead to. Never throws; what cannot be read is noted. */
export function describeGit(o: {
  readonly before: GitFiles;
  readonly after: GitFiles;
  /** Paths below the directory that changed. */
  readonly changed: readonly string[];
}): GitStory {
  const old = openRefs(o.before);
  const now = openRefs(o.after);
  const names = new Set(o.changed.filter((path) => path.startsWith("refs/")));
  for (const name of [...old.packed.keys(), ...now.packed.keys()])
    if (old.packed.get(name) !== now.packed.get(name)) names.add(name);
  const moved = [...names]
    .toSorted()
    .flatMap((name) => toMoved(name, old.resolve(name), now.resolve(name)));
  const head = toMoved("HEAD", old.head(), now.head())[0];
  const notes: string[] = [];
  if (moved.length > MOST_REFS) notes.push(`${moved.length - MOST_REFS} more refs changed`);
  const tips = [...moved.slice(0, MOST_REFS), ...(head === undefined ? [] : [head])];
  // The old tips besides: of a repository whose indexes are too large to read, nothing else is known.
  const known = new Set(tips.flatMap((ref) => ref.before ?? []));
  const objects = { before: openGitObjects(o.before), after: openGitObjects(o.after), known };
  const walk = createWalk(objects, notes);
  const refs = tips.map((ref) => ({ ...ref, commits: walk(ref.after) }));
  return {
    ...(head === undefined ? {} : { head: toSides(head) }),
    refs: refs.filter(({ name, commits }) => name !== "HEAD" || commits.length > 0),
    notes,
  };
}

type Moved = Omit<GitRefChange, "commits">;

function toMoved(
  name: string,
  before: string | undefined,
  after: string | undefined,
): readonly Moved[] {
  if (before === after) return [];
  return [{ name, ...toSides({ before, after }) }];
}

function toSides(sides: {
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}): {
  before?: string;
  after?: string;
} {
  const { before, after } = sides;
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

interface Refs {
  readonly packed: ReadonlyMap<string, string>;
  resolve(name: string): string | undefined;
  head(): string | undefined;
}

const ID = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

function openRefs(files: GitFiles): Refs {
  const packed = parsePackedRefs(toText(files.read("packed-refs", MOST_PACKED_BYTES)));
  const readLoose = (name: string): string | undefined => {
    const text = toText(files.read(name, MOST_REF_BYTES)).trim();
    if (ID.test(text)) return text;
    return /^ref: (refs\/\S{1,255})$/.exec(text)?.[1];
  };
  return {
    packed,
    resolve: (name) => readLoose(name) ?? packed.get(name),
    head: () => readLoose("HEAD"),
  };
}

function parsePackedRefs(text: string): ReadonlyMap<string, string> {
  const refs = new Map<string, string>();
  for (const line of text.split("\n")) {
    const blank = line.indexOf(" ");
    const id = line.slice(0, blank);
    if (blank > 0 && ID.test(id)) refs.set(line.slice(blank + 1), id);
  }
  return refs;
}

function toText(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? "" : Buffer.from(bytes).toString("utf8");
}

/** From a tip down to what was there before. */
function createWalk(
  objects: {
    readonly before: GitObjects;
    readonly after: GitObjects;
    readonly known: ReadonlySet<string>;
  },
  notes: string[],
): (tip: string | undefined) => readonly GitCommit[] {
  const seen = new Set<string>();
  const note = (text: string): void => {
    if (!notes.includes(text)) notes.push(text);
  };
  const isNew = (id: string): boolean =>
    !seen.has(id) && !objects.known.has(id) && !objects.before.has(id);
  /** Where it leads to; a commit is added to `commits`. */
  const visit = (id: string, commits: GitCommit[]): readonly string[] => {
    const object = objects.after.read(id);
    if (object === undefined) note(`${id.slice(0, 10)} could not be read`);
    if (object?.type === "tag") return findTarget(object.body);
    if (object?.type !== "commit") return [];
    const { parents, subject } = parseCommit(object.body);
    commits.push({ id, subject });
    return parents;
  };
  return (tip) => {
    const commits: GitCommit[] = [];
    const queue = tip !== undefined && ID.test(tip) ? [tip] : [];
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      if (!isNew(id)) continue;
      if (seen.size >= MOST_COMMITS) {
        note(`more than ${MOST_COMMITS} new commits`);
        break;
      }
      seen.add(id);
      queue.push(...visit(id, commits));
    }
    return commits;
  };
}

function findTarget(body: Uint8Array): readonly string[] {
  const id = /^object ([0-9a-f]{40,64})\n/.exec(toText(body.subarray(0, 128)))?.[1];
  return id === undefined ? [] : [id];
}

const LONGEST_SUBJECT = 100;
const MOST_PARENTS = 64;

function parseCommit(body: Uint8Array): {
  readonly parents: readonly string[];
  readonly subject: string;
} {
  const text = toText(body);
  const end = text.indexOf("\n\n");
  const head = end < 0 ? text : text.slice(0, end);
  const parents = [...head.matchAll(/^parent ([0-9a-f]{40,64})$/gm)].flatMap(
    (match) => match[1] ?? [],
  );
  const message = end < 0 ? "" : text.slice(end + 2).trimStart();
  const subject = message.slice(0, 4 * LONGEST_SUBJECT).split("\n", 1)[0] ?? "";
  return { parents: parents.slice(0, MOST_PARENTS), subject: subject.slice(0, LONGEST_SUBJECT) };
}
