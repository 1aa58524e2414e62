/** What the event line tells of a turn loop's work. */
import type { Artifacts } from "../contract/broker.ts";
import type { EventDraft, ModelUse, NetEvent } from "../contract/event.ts";
import { isJsonObject, type Json, type JsonObject } from "../contract/json.ts";
import type { RecordedCall } from "../net/rule/follow-calls.ts";
import { knowledgeUsed } from "../personas/knowledge.ts";
import type { Knowledge } from "../personas/persona-schema.ts";
import type { TurnResult } from "../personas/turn.ts";
import { isSuccess } from "../personas/turn-outcome.ts";
import type { AssignedFiring } from "./term/dispatch.ts";
import type { Term } from "./term/term.ts";

/** Who answered, at what price, to which exact prompt, and how it ended. */
export async function told(
  term: Term,
  firing: AssignedFiring,
  result: TurnResult,
  knowledge: readonly Knowledge[],
  calls: readonly RecordedCall[],
): Promise<Partial<EventDraft>> {
  const artifact = await term.ports.broker.artifacts.put(Buffer.from(result.prompt.text), "text/plain");
  const { outcome, model, tools, prompt } = result;
  const trimmed = prompt.parts.flatMap((part) => (part.trimmed ? [{ part: part.name, trimmed: part.trimmed }] : []));
  return {
    // What each step of a durable loop cost stands in its own event.
    model: firing.durable ? nothingOf(model) : model,
    tools,
    personaVersion: firing.personaVersion,
    prompt: { sha256: prompt.sha256, artifact: artifact.$artifact },
    ...(isSuccess(outcome) ? {} : { status: outcome === "refused" ? "refused" : "error" }),
    attributes: {
      outcome,
      ...(calls.length > 0 ? { calls: await keptCalls(term, calls) } : {}),
      ...(knowledge.length > 0 ? { knowledge: knowledgeUsed(knowledge) } : {}),
      ...(trimmed.length > 0 ? { trimmed } : {}),
      ...(firing.durable ? { total: { ...model } as unknown as JsonObject } : {}),
    },
  };
}

/** Bytes that an event carries itself, and beyond which calls are not kept. */
const INLINE = 2048;
const MOST = 1024 * 1024;

/** The calls with their inputs and answers: what a program is learned from. */
async function keptCalls(term: Term, calls: readonly RecordedCall[]): Promise<JsonObject> {
  const text = JSON.stringify(calls);
  if (text.length <= INLINE) return { $json: JSON.parse(text) as Json };
  if (text.length > MOST) return { count: calls.length, note: "too large to be kept" };
  return { ...(await term.ports.broker.artifacts.put(Buffer.from(text), "application/json")) };
}

/** As `told` has kept them; undefined where there were none, or they are gone. */
export async function callsOf({ attributes }: Pick<NetEvent, "attributes">, artifacts: Artifacts): Promise<RecordedCall[] | undefined> {
  const kept = attributes?.calls;
  if (!isJsonObject(kept)) return undefined;
  if (Array.isArray(kept.$json)) return kept.$json as unknown as RecordedCall[];
  const bytes = typeof kept.$artifact === "string" ? await artifacts.get(kept.$artifact) : null;
  return bytes === null ? undefined : (JSON.parse(new TextDecoder().decode(bytes)) as RecordedCall[]);
}

function nothingOf({ provider, name }: ModelUse): ModelUse {
  return { provider, name, calls: 0, inputTokens: 0, outputTokens: 0, costUsd: 0, listUsd: 0 };
}

export function deniedDraft(firing: AssignedFiring, tool: string, code: string, reason: string): EventDraft {
  return {
    category: "tool",
    type: "denied",
    status: "refused",
    transition: firing.transition,
    persona: firing.persona,
    firing: firing.firing,
    attempt: firing.attempt,
    correlation: firing.correlation,
    summary: `${firing.persona} may not use ${tool}: ${reason}.`,
    attributes: { tool, code, reason },
  };
}
