/** Writes files that hold secrets or decide a start: whole or not at all, readable by the owner alone. */
import { renameSync, writeFileSync } from "node:fs";

export function writePrivate(path: string, content: string): void {
  const draft = `${path}.${process.pid}.tmp`;
  writeFileSync(draft, content, { mode: 0o600 });
  // A rename replaces the old file in one step, so that no reader and no crash sees half of it.
  renameSync(draft, path);
}
