/** One pino logger a process: JSON lines in the state folder, secrets cut out. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Logger as PinoLogger, pino, stdSerializers } from "pino";

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
  mkdirSync(dir, { recursive: true });
  const destination = pino.destination({ dest: join(dir, `${name}.log`), sync: false, mkdir: true });
  return pino(
    { name, level, redact: { paths: SECRETS, censor: "[redacted]" }, serializers: { err: stdSerializers.err, error: stdSerializers.err } },
    destination,
  );
}
