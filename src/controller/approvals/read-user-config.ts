import path from "node:path";
import { DEFAULT_USER_CONFIG, parseUserConfig, type UserConfig } from "../../policy/user-config.js";
import { type ProfilePlaces, readTrusted } from "../profile-files.js";

/** The person's own configuration. Throws `usage` for one that is wrong, or that somebody else could have written. */
export function readUserConfig({ user, uid }: ProfilePlaces): UserConfig {
  const file = path.join(user, "config.yaml");
  const text = readTrusted(file, uid);
  return text === undefined ? DEFAULT_USER_CONFIG : parseUserConfig(text, file);
}
