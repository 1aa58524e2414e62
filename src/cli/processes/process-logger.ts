/** One pino logger a process: JSON lines in the state folder, secrets cut out. */
import { join } from "node:path";
import { type Logger as PinoLogger, pino, stdSerializers } from "pino";
import { makeFolder } from "../make-folder.ts";

const SECRETS = [
  "password",
  "apiKey",
  "privateKey",
  "secret",
  "authorization",
  "*.password",
  "*.apiKey",
  "*.privateKey",
  "*.secret",
  "*.authorization",
  "env",
  "*.env",
];

export function processLogger(dir: string, name: string, level: string): PinoLogger {
  makeFolder(dir);
  // Written at once: a process that ends at its start would throw on a file that is not open yet.
  const destination = pino.destination({ dest: join(dir, `${name}.log`), sync: true, mkdir: true });
  return pino(
    { name, level, redact: { paths: SECRETS, censor: "[redacted]" }, serializers: { err: stdSerializers.err, error: stdSerializers.err } },
    destination,
  );
}
