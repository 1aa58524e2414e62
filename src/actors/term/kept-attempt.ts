/** What an attempt has done so far, asked of its executor before the attempt is ended: a person goes on from it. */
import { PetrelError } from "../../contract/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import { KEEP } from "../../executors/keep-call.ts";
import type { OpenFiring } from "../../net/state.ts";
import { storeBundles } from "./bundles.ts";
import type { Term } from "./term.ts";

/** So long the person waits for it: what they want first of all is that the work ends. */
const PATIENCE_MS = 30_000;

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
    if (answer.state === "failed") return { lost: answer.error.message };
    return kept(await storeBundles(answer.output, broker.artifacts));
  } catch (error) {
    if (end.signal.aborted) return { lost: `${claim.executor} did not hand it over within ${PATIENCE_MS / 1000} s` };
    return { lost: error instanceof PetrelError ? error.message : String(error) };
  } finally {
    late.cancel();
  }
}

function kept(output: Json): JsonObject | null {
  if (!isJsonObject(output)) return null;
  return output.bundle ? output : { lost: "it is larger than the 64 MiB of a bundle" };
}
