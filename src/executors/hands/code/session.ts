/**
 * `code.session`: holds a worktree, or a folder that begins empty, while a persona works in it by tool calls, until `session.close`.
 * The value is the work: {branch, base, start, head, commits, files, diff, uncommitted, bundle}; `start` is where this attempt began.
 */
import type { z } from "zod";
import { Refused, Terminal } from "../../../contract/errors.ts";
import type { Json } from "../../../contract/json.ts";
import { ENGINE_HAND } from "../../../net/executor-match.ts";
import { testsRun } from "../../../tools/builtin/tests-run.ts";
import { MCP_LIST, MCP_NAME } from "../../../tools/mcp/mcp-tools.ts";
import { ENGINE } from "../../engine-call.ts";
import type { HandContext } from "../../hand.ts";
import { parseInput } from "../../hand-input.ts";
import { KEEP } from "../../keep-call.ts";
import { CLOSE } from "../../tool-desk.ts";
import { haveCommit, makeBundle } from "./bundle.ts";
import { sessionInput } from "./cards.ts";
import { changeBetween } from "./change.ts";
import { engineTurn } from "./claude-engine.ts";
import { commandTools } from "./command-tools.ts";
import { commitAll, stampOf } from "./commit.ts";
import { fileTools } from "./file-tools.ts";
import { git, gitText } from "./git.ts";
import { gitChangeTools } from "./git-change-tools.ts";
import { gitLookTools } from "./git-look-tools.ts";
import { type Checkout, gitTools } from "./git-tools.ts";
import { keepWork } from "./kept-work.ts";
import { mcpHand } from "./mcp-servers.ts";
import { baseCommit, emptyMirror, findCommit, type Mirror, mergeBase, openMirror, originBranch } from "./mirror.ts";
import { branchName, SHA_PATTERN } from "./names.ts";
import { searchTool } from "./search-tool.ts";
import { testFileMatcher } from "./test-files.ts";
import { runTests } from "./test-run.ts";
import { toolInput } from "./tool-input.ts";
import { addWorktree, setBranch } from "./worktree.ts";

type SessionInput = z.output<typeof sessionInput>;

export async function codeSession(context: HandContext): Promise<Json> {
  const input = parseInput(sessionInput, context.order);
  const { mirror, checkout } = await openCheckout(context, input);

  return await new Promise<Json>((resolve, reject) => {
    context.signal.addEventListener("abort", () => reject(context.signal.reason), { once: true });
    if (context.signal.aborted) return reject(context.signal.reason);
    const tools = sessionTools(context, mirror, input, checkout);
    const mcp = mcpHand(context, input.mcp ?? {}, checkout.tree);
    context.serve(async (name, call) => {
      if (name === CLOSE) {
        if (mirror.repo === null) await keepAll(context, checkout);
        const work = await closeWork(context, mirror, checkout);
        resolve(work);
        return work;
      }
      if (name === KEEP) return await keepWork(context, mirror, checkout);
      if (name === ENGINE && context.order.hand === ENGINE_HAND) return await engineTurn(context, checkout, call, input);
      if (name === MCP_LIST || MCP_NAME.test(name)) return await mcp(name, call);
      const tool = tools[name];
      if (!tool) throw new Terminal({ code: "unknown-tool", message: `this session has no tool ${name}` });
      return await tool(call);
    });
  });
}

type Place = Pick<SessionInput, "repo" | "base" | "branch" | "from" | "bundle" | "seed" | "author">;

/** A worktree of the attempt's own, at the commit that the work goes on from. */
export async function openCheckout(context: HandContext, input: Place): Promise<{ mirror: Mirror; checkout: Checkout }> {
  const { mirror, origin } = await grounds(context, input);
  const start = await startingPoint(context, mirror, input, origin);
  const base = (await mergeBase(context, mirror, start, origin)) ?? origin;
  const tree = await addWorktree(context, mirror, start, "tree");
  const seen = mirror.repo === null ? null : await originBranch(context, mirror, input.branch);
  return { mirror, checkout: { tree, branch: input.branch, base, start, seen, stamp: stampOf(context, input) } };
}

async function grounds(context: HandContext, { repo, base }: Place): Promise<{ mirror: Mirror; origin: string }> {
  if (!repo) {
    const { mirror, commit } = await emptyMirror(context);
    return { mirror, origin: commit };
  }
  const mirror = await openMirror(context, repo);
  return { mirror, origin: await baseCommit(context, mirror, base) };
}

/** Without a repository nobody thinks of commits, and a file that was written is work all the same. */
async function keepAll(context: HandContext, { tree, base, stamp }: Checkout): Promise<void> {
  const nth = Number(await gitText(context, ["rev-list", "--count", `${base}..HEAD`], tree));
  await commitAll(context, tree, "What was left in the folder", stamp, nth).catch((error: unknown) => {
    if (!(error instanceof Terminal) || error.code !== "nothing-to-commit") throw error;
  });
}

/** A branch that was never made means a fresh start; a commit that is gone would be work silently lost. */
async function startingPoint(context: HandContext, mirror: Mirror, input: Place, origin: string): Promise<string> {
  if (!input.from) return origin;
  if (SHA_PATTERN.test(input.from)) return await haveCommit(context, mirror, input.from, input.bundle);
  if (!branchName.safeParse(input.from).success) {
    throw new Terminal({
      code: "bad-input",
      message: `\`from\` is neither a commit nor a branch: ${input.from}`,
      where: context.order.transition,
    });
  }
  return (await findCommit(context, mirror, input.from)) ?? origin;
}

function sessionTools(
  context: HandContext,
  mirror: Mirror,
  input: SessionInput,
  checkout: Checkout,
): Record<string, (input: Json) => Json | Promise<Json>> {
  const files = fileTools(checkout.tree);
  const installed = new Set<string>();
  const guarded = (name: string) => async (call: Json) => {
    for (const field of ["path", "from", "to"]) await refuseProtected(context, input, checkout, call, field);
    return files[name]?.(call) ?? null;
  };
  return {
    ...files,
    "fs.write": guarded("fs.write"),
    "fs.patch": guarded("fs.patch"),
    "fs.delete": guarded("fs.delete"),
    "fs.move": guarded("fs.move"),
    "fs.search": searchTool(context, checkout.tree),
    ...gitTools(context, checkout),
    ...gitLookTools(context, checkout.tree),
    ...gitChangeTools(context, mirror, checkout, input.base),
    ...commandTools(context, checkout.tree),
    "tests.run": async (call) => {
      toolInput(testsRun, call);
      const { passing: _, ...run } = await runTests(context, checkout.tree, input, installed);
      return run;
    },
  };
}

async function refuseProtected(context: HandContext, input: SessionInput, checkout: Checkout, call: Json, field: string): Promise<void> {
  if (!input.protect || input.protect.length === 0) return;
  const path = typeof call === "object" && call !== null && !Array.isArray(call) && typeof call[field] === "string" ? call[field] : "";
  if (path === "") return;
  const plain = path.replace(/^(\.\/)+/, "");
  if (!testFileMatcher(input.protect)(plain)) return;
  const stood = await git(context, ["cat-file", "-e", `${checkout.base}:${plain}`], { cwd: checkout.tree, okCodes: [1, 128] });
  if (stood.exitCode !== 0) return;
  throw new Refused({ code: "file-protected", message: `${plain} may not be changed here`, hint: "put what is new into a new file" });
}

/** The branch stands at what was committed; the value is what came of it. */
export async function closeWork(context: HandContext, mirror: Mirror, checkout: Checkout): Promise<Json> {
  const head = await gitText(context, ["rev-parse", "HEAD"], checkout.tree);
  const left = (await gitText(context, ["status", "--porcelain=v1", "-z", "--no-renames"], checkout.tree))
    .split("\0")
    .filter(Boolean).length;
  await setBranch(context, mirror, checkout.branch, head);
  const change = await changeBetween(context, checkout.tree, checkout.base, head);
  const bundle = await makeBundle(context, mirror, checkout.base, checkout.branch, head);
  const { branch, base, start, seen } = checkout;
  return { branch, base, start, seen, head, ...change, uncommitted: left, bundle };
}
