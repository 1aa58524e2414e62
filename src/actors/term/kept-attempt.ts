/** What an attempt has done so far, asked of its executor before the attempt is ended: a person goes on from it. */
import * as z from "zod";
import { PetrelError } from "../../contract/errors.ts";
import type { Json, JsonObject } from "../../contract/json.ts";
import { KEEP } from "../../executors/keep-call.ts";
import type { OpenFiring } from "../../net/state.ts";
import { storeBundles } from "./bundles.ts";
import type { Term } from "./term.ts";

/** So long the person waits for it: what they want first of all is that the work ends. */
const PATIENCE_MS = 30_000;
/** Characters of what an executor says went wrong. */
const WHY = 400;

const commit = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/);
const word = z.string().max(256);
const reference = z.object({ $artifact: word, sha256: word, size: z.number(), type: word, name: word.optional() });
/** What goes into an event, and no more of it than this: an executor may answer anything. */
const keptWork = z.object({
  head: commit,
  loose: commit.nullable(),
  commits: z.int().nonnegative(),
  files: z.int().nonnegative(),
  bundle: z.union([z.string(), reference]).nullable(),
});

/**
 * As `session.keep` gives it, with the bundle in the store, or {lost: why}. Null: nothing was done, or the step has no executor.
 * Nothing is ended by this, and it throws nothing.
 */
export async function keptAttempt(term: Term, { firing, attempt, claim }: OpenFiring): Promise<JsonObject | null> {
  if (!claim) return null;
  const { broker, clock, ids } = term.ports;
  const end = new AbortController();
  const late = clock.after(PATIENCE_MS, () => end.abort());
  try {
    const isThere = (await broker.work.executors()).some(({ name }) => name === claim.executor);
    if (!isThere) return { lost: `${claim.executor} is not there` };
    // An id of its own each time: what was handed over earlier is not what is there now.
    const request = { net: term.state.net, firing, attempt, call: `keep-${ids.next()}`, tool: KEEP, input: {} };
    const answer = await broker.work.callTool(claim.executor, request, end.signal);
    if (answer.state === "no-session") return { lost: "this step has no worktree that could be handed over" };
    if (answer.state === "failed") return { lost: answer.error.message.slice(0, WHY) };
    const work = kept(answer.output, claim.executor);
    return work && ((await storeBundles(work, broker.artifacts)) as JsonObject);
  } catch (error) {
    if (end.signal.aborted) return { lost: `${claim.executor} did not hand it over within ${PATIENCE_MS / 1000} s` };
    return { lost: error instanceof PetrelError ? error.message : String(error) };
  } finally {
    late.cancel();
  }
}

export function kept(output: Json, executor: string): JsonObject | null {
  if (output === null) return null;
  const { data, success } = keptWork.safeParse(output);
  if (!success) return { lost: `what ${executor} gave is no work that could be handed over` };
  return data.bundle ? data : { lost: "it is larger than the 64 MiB of a bundle" };
}
