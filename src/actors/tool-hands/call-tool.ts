/**
 * Where a tool call runs, once the policy has let it through: on the executor that holds the workspace, or here by its hands.
 *
 * C1 Each call has its tool's limit in time. C2 What a tool says is wrong is told to the model; a cancelled attempt ends. C3 Model
 * calls that a tool makes are told with its outcome, so that they count against the firing's budget.
 */
import { Cancelled, errorData, PetrelError, Retryable, Terminal } from "../../contract/errors.ts";
import type { ModelUse } from "../../contract/event.ts";
import { isJsonObject, type Json } from "../../contract/json.ts";
import type { ArtifactRef } from "../../contract/token.ts";
import { addUse } from "../../models/use.ts";
import type { ToolOutcome } from "../../personas/turn.ts";
import type { ToolDefinition } from "../../tools/port.ts";
import { handsOf } from "./hands.ts";
import type { ToolRoom } from "./tool-room.ts";

export async function callTool(room: ToolRoom, name: string, input: Json, call: string, signal: AbortSignal): Promise<ToolOutcome> {
  const tool = room.tools.get(name);
  if (tool?.runs === "executor" && room.desk) return noting(room, await room.desk(name, input, call, signal));
  if (!tool?.run) return failed(new Terminal({ code: "tool-not-here", message: `${name} cannot run here` }));
  const limit = limitOf(room, tool, signal);
  let use: ModelUse | null = null;
  const book = (more: ModelUse) => {
    use = addUse(use, more);
    room.book(more);
  };
  const used = () => (use === null ? {} : { use });
  try {
    const value = await Promise.race([tool.run(input, handsOf(room, call, limit.signal, book)), limit.over]);
    return { ok: true, output: sound(tool, value), ...used() };
  } catch (error) {
    if (limit.isLate()) return { ...failed(tooLate(tool)), ...used() };
    if (signal.aborted || error instanceof Cancelled) throw error; // C2
    return { ...failed(error), ...used() };
  } finally {
    limit.stop();
  }
}

/** An artefact that a tool on the executor has put is the attempt's own. */
function noting({ own }: ToolRoom, outcome: ToolOutcome): ToolOutcome {
  const ref = outcome.ok && isJsonObject(outcome.output) ? outcome.output.artifact : undefined;
  if (isJsonObject(ref) && typeof ref.$artifact === "string") own.set(ref.$artifact, ref as unknown as ArtifactRef);
  return outcome;
}

function failed(error: unknown): { ok: false; error: ReturnType<typeof errorData> } {
  if (error instanceof PetrelError) return { ok: false, error: errorData(error) };
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { ok: false, error: errorData(new Terminal({ code: "tool-failed", message: message.slice(0, 1000) })) };
}

/** An answer that does not fit its own schema is our fault, and is not told on. */
function sound({ name, output }: ToolDefinition, value: Json): Json {
  const parsed = output.safeParse(value);
  if (parsed.success) return parsed.data as Json;
  throw new Terminal({ code: "tool-output", message: `the answer of ${name} does not fit its schema: ${parsed.error.issues[0]?.message}` });
}

/** C1. */
function limitOf({ clock }: ToolRoom, tool: ToolDefinition, outer: AbortSignal) {
  const own = new AbortController();
  let late = false;
  let end = (_: Error) => {};
  const over = new Promise<never>((_, reject) => {
    end = reject;
  });
  over.catch(() => {});
  const timer = clock.after(tool.limits.seconds * 1000, () => {
    late = true;
    own.abort(tooLate(tool));
    end(tooLate(tool));
  });
  return { signal: AbortSignal.any([outer, own.signal]), over, isLate: () => late, stop: () => timer.cancel() };
}

function tooLate({ name, limits }: ToolDefinition): Retryable {
  return new Retryable({ code: "tool-timeout", message: `${name} took longer than its limit of ${limits.seconds} s` });
}
