/** Sessions of Claude Code, kept on the executor beside its mirrors, for one that takes them up. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { Terminal } from "../../../contract/errors.ts";
import type { HandContext } from "../../hand.ts";
import { fileWithin } from "./file-within.ts";

/** Bytes; a longer one is not kept. */
const LARGEST_SESSION = 256 * 1024 * 1024;

/** A session is a file under the name of its folder: it is kept beside the mirrors, for one that takes it up. */
function sessionFile(config: string, tree: string, session: string): string {
  return join(config, "projects", tree.replace(/[^A-Za-z0-9]/g, "-"), `${session}.jsonl`);
}
function keptFile({ workshop }: HandContext, session: string): string {
  return join(workshop.dir, "claude-sessions", `${session}.jsonl`);
}

/** Whatever the session made of its folder: what lies elsewhere is not taken for it, since whoever takes it up could read that. */
export function keepSession(context: HandContext, tree: string, config: string, session: string): void {
  if (!/^[A-Za-z0-9-]{1,64}$/.test(session)) return;
  const content = fileWithin(context.workDir, sessionFile(config, tree, session), LARGEST_SESSION);
  if (content === null) return;
  mkdirSync(join(context.workshop.dir, "claude-sessions"), { recursive: true, mode: 0o700 });
  writeFileSync(keptFile(context, session), content, { mode: 0o600 });
}

/** Throws Terminal `claude-session-missing`. */
export async function takeUp(context: HandContext, tree: string, config: string, session: string): Promise<void> {
  const kept = keptFile(context, session);
  if (!existsSync(kept))
    throw new Terminal({
      code: "claude-session-missing",
      message: `the session ${session} is not on this executor`,
      hint: "a session is taken up where it was: give both transitions a label that one executor has",
    });
  const file = sessionFile(config, tree, session);
  mkdirSync(join(file, ".."), { recursive: true, mode: 0o700 });
  await copyFile(kept, file);
}
