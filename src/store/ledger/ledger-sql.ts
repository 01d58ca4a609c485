/**
 * What brings a ledger from version `at` to `at + 1`, in order: a step that was released is never changed. Times are ISO 8601 in UTC, which
 * sort as text; a session that is none is the empty string, so that uniqueness holds for it too.
 */
export const SCHEMA: readonly string[] = [
  `
  CREATE TABLE approvals (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    session TEXT NOT NULL,
    digest TEXT NOT NULL,
    subject TEXT NOT NULL,
    preview TEXT NOT NULL,
    needed INTEGER NOT NULL,
    expires_at TEXT NOT NULL,
    batch TEXT NOT NULL,
    state TEXT NOT NULL,
    asked_at TEXT NOT NULL,
    settled_at TEXT,
    used_at TEXT,
    count INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX approvals_waiting ON approvals (session, kind, digest) WHERE state = 'waiting';
  CREATE INDEX approvals_state ON approvals (state, expires_at);
  CREATE INDEX approvals_asked ON approvals (session, kind, digest, asked_at);
  CREATE TABLE answers (
    approval TEXT NOT NULL REFERENCES approvals (id),
    reviewer TEXT NOT NULL,
    name TEXT NOT NULL,
    answer TEXT NOT NULL,
    note TEXT NOT NULL,
    digest TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (approval, reviewer)
  ) STRICT;
  CREATE TABLE folded (
    approval TEXT NOT NULL REFERENCES approvals (id),
    kind TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (approval, kind, digest)
  ) STRICT;
  `,
  `
  CREATE TABLE actions (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    request TEXT NOT NULL,
    submitter TEXT NOT NULL,
    priority INTEGER NOT NULL,
    keys TEXT NOT NULL,
    deadline TEXT,
    state TEXT NOT NULL,
    created_at TEXT NOT NULL,
    started_at TEXT,
    ended_at TEXT,
    session TEXT,
    result TEXT
  ) STRICT;
  CREATE INDEX actions_state ON actions (state, seq);
  `,
];

/** Of the file, in SQLite's `user_version`. */
export const LEDGER_VERSION = SCHEMA.length;
