/** Sessions of Claude Code, kept on the executor beside its mirrors, for one that takes them up. */
import { existsSync, mkdirSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { Terminal } from "../../../contract/errors.ts";
import type { HandContext } from "../../hand.ts";

/** A session is a file under the name of its folder: it is kept beside the mirrors, for one that takes it up. */
function sessionFile(config: string, tree: string, session: string): string {
  return join(config, "projects", tree.replace(/[^A-Za-z0-9]/g, "-"), `${session}.jsonl`);
}
function keptFile({ workshop }: HandContext, session: string): string {
  return join(workshop.dir, "claude-sessions", `${session}.jsonl`);
}

export async function keepSession(context: HandContext, tree: string, config: string, session: string): Promise<void> {
  const file = sessionFile(config, tree, session);
  if (!/^[A-Za-z0-9-]{1,64}$/.test(session) || !existsSync(file)) return;
  mkdirSync(join(context.workshop.dir, "claude-sessions"), { recursive: true, mode: 0o700 });
  await copyFile(file, keptFile(context, session));
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
