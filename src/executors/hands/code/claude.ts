/** `code.claude`: one session of Claude Code in a worktree of its own. The value is the work, as of `code.session`, and what the session told. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Json, JsonObject } from "../../../contract/json.ts";
import type { HandContext, HandDefinition } from "../../hand.ts";
import { parseInput } from "../../hand-input.ts";
import { claudeCard, claudeInput } from "./claude-card.ts";
import { oneCommit, runClaude } from "./claude-run.ts";
import { keepOnly } from "./kept-work.ts";
import { closeWork, openCheckout } from "./session.ts";

async function codeClaude(context: HandContext): Promise<Json> {
  const input = parseInput(claudeInput, context.order);
  const { mirror, checkout } = await openCheckout(context, input);
  context.serve(keepOnly(context, mirror, checkout));
  const told = await runClaude(context, checkout, { ...input, timeoutMs: context.order.timeoutMs }, (use) => context.spent(use));
  await oneCommit(context, checkout, input.message ?? told.said);
  const work = (await closeWork(context, mirror, checkout)) as JsonObject;
  return { ...work, ...told, resumed: input.resume ?? null };
}

export const claudeLack: NonNullable<HandDefinition["lack"]> = async ({ environment }) => {
  const folders = (environment.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.some((folder) => existsSync(join(folder, "claude"))) ? null : "Claude Code (claude) is not installed";
};

export const claudeHand: HandDefinition = { ...claudeCard, run: codeClaude, lack: claudeLack };
