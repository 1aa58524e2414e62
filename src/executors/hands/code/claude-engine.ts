/**
 * Claude Code as the engine of an agent: it does in the agent's workspace what the turn loop would do there.
 * N1 What it may use follows from the persona's own tools and flags, as the order names them; the caller cannot widen it.
 * N2 What it used is told also where nothing came of it.
 * N3 Files that the workspace protects stand as they stood, or nothing of its work counts.
 */
import * as z from "zod";
import { errorData, Refused } from "../../../contract/errors.ts";
import type { ModelUse } from "../../../contract/event.ts";
import type { Json } from "../../../contract/json.ts";
import { addUse } from "../../../models/use.ts";
import type { HandContext } from "../../hand.ts";
import { checkTool } from "../../policy.ts";
import { oneCommit, runClaude } from "./claude-run.ts";
import { gitText } from "./git.ts";
import type { Checkout } from "./git-tools.ts";
import { testFileMatcher } from "./test-files.ts";

const KEY = "ANTHROPIC_API_KEY";

const engineCall = z.strictObject({
  ask: z.string().min(1),
  system: z.string(),
  maxTurns: z.int().min(1),
  budgetUsd: z.number().positive().optional(),
  model: z.string().min(1).optional(),
  baseUrl: z.url({ protocol: /^https?$/ }).optional(),
});

/** Claude Code's names for what Petrel's tools do. */
const TOOLS: Readonly<Record<string, readonly string[]>> = {
  "fs.read": ["Read"],
  "fs.list": ["Glob"],
  "fs.search": ["Grep"],
  "fs.write": ["Write", "Edit"],
  "fs.patch": ["Edit"],
  "git.status": ["Bash(git status:*)"],
  "git.diff": ["Bash(git diff:*)"],
  "git.log": ["Bash(git log:*)"],
  "git.show": ["Bash(git show:*)"],
  "git.blame": ["Bash(git blame:*)"],
  "tests.run": ["Bash(npm test:*)", "Bash(npm run test:*)", "Bash(node --test:*)"],
  "command.run": ["Bash"],
};

export async function engineTurn(
  context: HandContext,
  checkout: Checkout,
  call: Json,
  workspace: { test?: string | null | undefined; protect?: string[] | null | undefined },
): Promise<Json> {
  const ask = engineCall.parse(call);
  let use: ModelUse | null = null;
  try {
    const told = await runClaude(
      context,
      checkout,
      { ...ask, tools: allowedTools(context, workspace.test), keyFrom: KEY, timeoutMs: context.order.timeoutMs },
      (used) => {
        use = addUse(use, used);
      },
    );
    await refuseProtected(checkout, context, workspace.protect ?? []); // N3
    await oneCommit(context, checkout, told.said);
    return { ok: true, said: told.said, session: told.session, turns: told.turns, use: use as Json };
  } catch (error) {
    if (context.signal.aborted) throw error;
    return { ok: false, error: errorData(error) as unknown as Json, use: use as Json }; // N2
  }
}

/** N1 */
function allowedTools({ order }: HandContext, test: string | null | undefined): string[] {
  const own = (order.persona?.tools ?? []).filter((name) => {
    try {
      checkTool(order, name);
      return true;
    } catch {
      return false;
    }
  });
  const theirs = own.flatMap((name) => TOOLS[name] ?? []);
  // The project's own command counts as the tool that runs it; what would end the rule's parentheses names nothing.
  const given = own.includes("tests.run") && test && /^[^()\n]+$/.test(test) ? [`Bash(${test}:*)`] : [];
  return [...new Set([...theirs, ...given])];
}

/** Throws Refused `file-protected`. */
async function refuseProtected({ tree, base }: Checkout, context: HandContext, protect: readonly string[]): Promise<void> {
  if (protect.length === 0) return;
  const stood = new Set((await gitText(context, ["ls-tree", "-r", "--name-only", "-z", base], tree)).split("\0"));
  const changed = (await gitText(context, ["diff", "--name-only", "--no-renames", "-z", base], tree)).split("\0").filter(Boolean);
  const isProtected = testFileMatcher([...protect]);
  const wrong = changed.find((path) => stood.has(path) && isProtected(path));
  if (wrong === undefined) return;
  throw new Refused({ code: "file-protected", message: `${wrong} may not be changed here`, hint: "put what is new into a new file" });
}
