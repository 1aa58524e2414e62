/** The tools command.*: commands of a model's own choice, in the worktree, in the clean environment of every command. */
import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Refused, Terminal } from "../../../contract/errors.ts";
import type { Json } from "../../../contract/json.ts";
import { commandRun } from "../../../tools/builtin/command-run.ts";
import { commandScript } from "../../../tools/builtin/command-script.ts";
import type { HandContext } from "../../hand.ts";
import { confine } from "./confine.ts";
import { toolInput } from "./tool-input.ts";

const ENDINGS = { sh: "sh", node: "mjs", python3: "py" } as const;

export function commandTools(context: HandContext, root: string): Record<string, (input: Json) => Promise<Json>> {
  let count = 0;
  return {
    "command.run": async (given) => {
      const { argv, folder, input, seconds } = toolInput<{ argv: string[]; folder: string; input?: string; seconds: number }>(
        commandRun,
        given,
      );
      mustNotPush(argv.join(" "));
      return await run(context, argv, folderOf(root, folder), seconds, commandRun.limits.bytes, input);
    },
    "command.script": async (given) => {
      const { script, by, folder, seconds } = toolInput<{ script: string; by: keyof typeof ENDINGS; folder: string; seconds: number }>(
        commandScript,
        given,
      );
      mustNotPush(script);
      count += 1;
      const scripts = join(context.workDir, "scripts");
      mkdirSync(scripts, { recursive: true });
      const file = join(scripts, `${count}.${ENDINGS[by]}`);
      writeFileSync(file, script);
      return await run(context, [by, file], folderOf(root, folder), seconds, commandScript.limits.bytes);
    },
  };
}

async function run(context: HandContext, argv: string[], cwd: string, seconds: number, bytes: number, input?: string): Promise<Json> {
  const result = await context.run({
    argv,
    cwd,
    timeoutMs: seconds * 1000,
    // Of both streams together no more than the tool may answer.
    outputBytes: Math.floor(bytes / 3),
    ...(input === undefined ? {} : { input }),
  });
  const { exitCode, stdout, stderr, truncated, timedOut } = result;
  return { exitCode, stdout, stderr, truncated, timedOut };
}

function folderOf(root: string, folder: string): string {
  const path = confine(root, folder, false);
  if (!existsSync(path) || !statSync(path).isDirectory()) {
    throw new Terminal({
      code: "no-such-file",
      message: `there is no folder ${folder} in the project`,
      hint: "fs.list shows what there is",
    });
  }
  return path;
}

/** A push has a tool of its own, which asks the owner just before. The worktree has no address to push to in any case. */
function mustNotPush(text: string): void {
  if (!/\bgit\b[^\n;|&]*\bpush\b/.test(text)) return;
  throw new Refused({
    code: "command-pushes",
    message: "pushing is not for command.*",
    hint: "git.push does it, in the transition that releases.",
  });
}
