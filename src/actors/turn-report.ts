/** What the event line tells of a turn loop's work. */
import type { EventDraft, ModelUse } from "../contract/event.ts";
import type { JsonObject } from "../contract/json.ts";
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
      ...(knowledge.length > 0 ? { knowledge: knowledgeUsed(knowledge) } : {}),
      ...(trimmed.length > 0 ? { trimmed } : {}),
      ...(firing.durable ? { total: { ...model } as unknown as JsonObject } : {}),
    },
  };
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
