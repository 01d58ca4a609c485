import { createLogger, format, transports } from "winston";

/** What happened to the service itself, for whoever runs it; what was asked, decided and done is in the audit log. */
export interface ServiceLog {
  info(message: string, fields: object): void;
  error(message: string, fields: object): void;
  /** Resolves when all is written. */
  close(): Promise<void>;
}

const MOST_BYTES = 5 << 20;
const MOST_FILES = 5;

/**
 * Lines of JSON in `file`, which is rotated by size; where `terminal` is given also short text for a person, on stderr. Control characters in
 * it are escaped: messages may hold names from a sandbox.
 */
export function openServiceLog(file: string, o: { readonly terminal: boolean }): ServiceLog {
  const logger = createLogger({
    level: "info",
    format: format.combine(format.timestamp(), format.json()),
    transports: [
      new transports.File({
        filename: file,
        maxsize: MOST_BYTES,
        maxFiles: MOST_FILES,
        tailable: true,
        options: { flags: "a", mode: 0o600 },
      }),
      ...(o.terminal
        ? [
            new transports.Console({
              format: format.printf(toLine),
              stderrLevels: ["info", "error"],
            }),
          ]
        : []),
    ],
  });
  return {
    info: (message, fields) => void logger.info(message, fields),
    error: (message, fields) => void logger.error(message, fields),
    close: () =>
      new Promise((resolve) => {
        logger.once("finish", resolve);
        logger.end();
      }),
  };
}

function toLine({ level, message, timestamp, ...fields }: Record<string, unknown>): string {
  const rest = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const text = [String(timestamp), level === "error" ? "ERROR" : "", String(message), ...rest];
  return text
    .filter((word) => word !== "")
    .join(" ")
    .replace(/[\p{Cc}\p{Cf}]/gu, escapeCharacter);
}

function escapeCharacter(char: string): string {
  return `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
}
