import type { RuleRow } from "./risk-rule.js";

/** Inside `.git`, and where the repository says what git does. */
export const GIT_DIRECTORY: readonly RuleRow[] = [
  {
    level: "low",
    // A hook has just its name (githooks(5)): `git init` puts these there to be copied.
    reason: "an example of a hook, which git does not run",
    matches: `
      .git/hooks/*.sample .githooks/*.sample *.git/hooks/*.sample
    `,
  },
  {
    level: "high",
    reason: "git runs it as a hook",
    matches: `
      .git/hooks/** .githooks/** *.git/hooks/**
    `,
  },
  {
    level: "high",
    reason: "git config can name programs that git runs",
    matches: `
      .git/config .git/config.worktree *.git/config .git/modules/** .git/worktrees/**
      .git/info/attributes .gitconfig .config/git/**
    `,
  },
  {
    level: "high",
    reason: "git runs its `exec` lines when the rebase goes on",
    matches: `
      .git/rebase-merge/** .git/rebase-apply/** .git/sequencer/**
    `,
  },
  {
    level: "medium",
    reason: "git reads objects from the place it names",
    matches: `
      .git/objects/info/**
    `,
  },
  {
    level: "low",
    reason: "git's own data: what the next checkout, reset or push uses",
    matches: `
      .git/objects/** .git/refs/** .git/logs/** .git/lfs/** .git/index .git/HEAD
      .git/ORIG_HEAD .git/FETCH_HEAD .git/packed-refs .git/COMMIT_EDITMSG .git/description
      .git/MERGE_* .git/AUTO_MERGE .git/SQUASH_MSG .git/CHERRY_PICK_HEAD .git/REVERT_HEAD
      .git/REBASE_HEAD .git/shallow
    `,
  },
  {
    level: "high",
    reason: "git obeys it",
    matches: `
      .git/**
    `,
  },
];

/** Files of a work tree that git or its hooks obey. */
export const GIT_FILES: readonly RuleRow[] = [
  {
    level: "high",
    reason: "git runs the filters and drivers it selects",
    matches: `
      .gitattributes
    `,
  },
  {
    level: "high",
    reason: "git fetches and checks out what it names",
    matches: `
      .gitmodules
    `,
  },
  {
    level: "high",
    reason: "it runs on git's hooks",
    matches: `
      .husky/** .huskyrc* .pre-commit-config.y*ml .pre-commit-hooks.y*ml lefthook*.y*ml
      .lefthook/** .lefthook*.y*ml .overcommit.yml .lintstagedrc* lint-staged.config.*
      .simple-git-hooks.* commitlint.config.* .commitlintrc*
    `,
  },
];
