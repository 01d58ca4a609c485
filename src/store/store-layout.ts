import path from "node:path";
import type { CommitId, SessionId } from "../core/ids.js";

/** Where everything of the state directory lies (design.md 12). Pure. */
export interface StoreLayout {
  readonly home: string;
  readonly sessions: string;
  readonly commits: string;
  readonly hot: string;
  readonly audit: string;
  sessionDir(id: SessionId): string;
  commitDir(id: CommitId): string;
}

/** The layout below `home`. */
export function toStoreLayout(home: string): StoreLayout {
  const sessions = path.join(home, "sessions");
  const commits = path.join(home, "commits");
  return {
    home,
    sessions,
    commits,
    hot: path.join(home, "hot"),
    audit: path.join(home, "audit"),
    sessionDir: (id) => path.join(sessions, id),
    commitDir: (id) => path.join(commits, id),
  };
}
