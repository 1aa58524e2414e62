/**
 * The spans of one firing, from its events: the firing, its attempts, and in them model calls, tool calls and commands, by the GenAI
 * conventions. Ids follow from the firing, so whoever makes them anew makes the same, and an executor's own spans find their parent. Pure.
 */
import type { NetEvent } from "../../contract/event.ts";
import { sha256 } from "../../contract/hash.ts";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import { spanIdOf, traceIdOf } from "../../contract/trace-context.ts";
import { errorTypeOf, NO_MODEL, OTHER_ERROR, providerName } from "./gen-ai.ts";
import type { Attributes, Span } from "./span.ts";

export const idOf = (...words: (string | number)[]): string => sha256(words.join("/")).slice(0, 16);
export const storySpanId = (net: string, correlation: string): string => idOf("petrel-story", net, correlation);

interface Attempt {
  attempt: number;
  from: number;
  to: number;
  executor: string | undefined;
  error: string | null;
  errorType: string | undefined;
}

/** `events`: all of one firing, in order, the last one its end. Empty where it belongs to no story. */
export function spansOfFiring(events: readonly NetEvent[]): Span[] {
  const [first] = events;
  const last = events.at(-1);
  const correlation = events.find((event) => event.correlation !== undefined)?.correlation;
  if (!first || !last || correlation === undefined || first.firing === undefined) return [];
  const { net, firing } = first;
  const traceId = traceIdOf(correlation);
  const spanId = idOf("petrel-firing", net, firing);
  const to = Date.parse(last.ts);
  const from = first === last ? to - (last.durationMs ?? 0) : Date.parse(first.ts);
  const failed = last.status === "error" || last.status === "refused" ? last.summary : null;
  const errorType = failed === null ? undefined : errorTypeOf(last);
  const about = aboutFiring(events);
  const own: Span = {
    ...{ traceId, spanId, parentSpanId: storySpanId(net, correlation), kind: "internal", from, to, error: failed },
    name: about.persona === undefined ? `${about.kind} ${about.transition}` : `invoke_agent ${about.persona}`,
    attributes: { ...about.petrel, ...about.genAi, "error.type": errorType, "petrel.attempts": attemptsOf(events).length || 1 },
  };
  const attempts = attemptsOf(events).map(
    ({ attempt, executor, errorType: why, ...times }): Span => ({
      ...{ traceId, spanId: spanIdOf({ net, firing, attempt }), parentSpanId: spanId, kind: "internal", ...times },
      name: executor === undefined ? `attempt ${attempt}` : `${about.kind === "command" ? "command" : "workspace"} ${about.transition}`,
      // What the whole firing used stands at its own span: added up, it would count twice.
      attributes: { ...about.petrel, "error.type": why, "petrel.attempt": attempt, "petrel.executor": executor },
    }),
  );
  return [own, ...attempts, ...events.flatMap((event) => callsIn(event, { traceId, firingSpan: spanId, correlation }))];
}

function aboutFiring(events: readonly NetEvent[]) {
  const known = <K extends keyof NetEvent>(key: K) => events.find((event) => event[key] !== undefined)?.[key];
  const kind = String(events.find(({ attributes }) => attributes?.kind !== undefined)?.attributes?.kind ?? "transition");
  const persona = kind === "command" ? undefined : known("persona");
  const { net, firing } = events[0] as NetEvent;
  const model = events.findLast((event) => event.model && event.model.calls > 0)?.model;
  const petrel: Attributes = {
    ...{ "petrel.net": net, "petrel.transition": known("transition"), "petrel.kind": kind, "petrel.firing": firing },
    ...{ "petrel.correlation": known("correlation"), "petrel.net.version": known("netVersion"), "petrel.outcome": events.at(-1)?.type },
  };
  const genAi: Attributes = {
    ...(persona === undefined
      ? {}
      : {
          "gen_ai.provider.name": NO_MODEL,
          "gen_ai.operation.name": "invoke_agent",
          "gen_ai.agent.name": persona,
          "gen_ai.agent.version": known("personaVersion"),
          "gen_ai.conversation.id": known("correlation"),
        }),
    ...(model
      ? {
          "gen_ai.provider.name": providerName(model.provider),
          "gen_ai.request.model": model.name,
          "gen_ai.usage.input_tokens": model.inputTokens,
          "gen_ai.usage.output_tokens": model.outputTokens,
          "gen_ai.usage.cache_read.input_tokens": model.cacheReadTokens,
          "gen_ai.usage.cache_creation.input_tokens": model.cacheWriteTokens,
          "petrel.model.calls": model.calls,
          "petrel.cost.usd": model.costUsd,
          "petrel.tier": model.tier,
        }
      : {}),
  };
  return { kind, persona, transition: known("transition") ?? "", petrel, genAi };
}

/** From `started`, or the moment when the next one began, to the event that ended it. */
function attemptsOf(events: readonly NetEvent[]): Attempt[] {
  const attempts: Attempt[] = [];
  for (const event of events) {
    const { type, ts, attempt = 1, attributes, summary } = event;
    const at = Date.parse(ts);
    const open = attempts.at(-1);
    if (open?.attempt !== attempt && (type === "started" || type === "claimed"))
      attempts.push({ attempt, from: at, to: at, executor: undefined, error: null, errorType: undefined });
    const now = attempts.at(-1);
    if (!now) continue;
    now.to = Math.max(now.to, at);
    if (type === "claimed" && typeof attributes?.executor === "string") now.executor = attributes.executor;
    // What a rule's program leaves to the model is no fault.
    if (type === "failed" || (type === "lapsed" && attributes?.handed === undefined))
      Object.assign(now, { error: summary, errorType: errorTypeOf(event) });
    if (type === "lapsed") {
      attempts.push({ attempt, from: at, to: at, executor: undefined, error: null, errorType: undefined });
    }
  }
  return attempts;
}

interface Around {
  traceId: string;
  firingSpan: string;
  correlation: string;
}

function callsIn({ net, firing = "", attempt = 1, attributes }: NetEvent, { traceId, firingSpan, correlation }: Around): Span[] {
  const timeline: Json[] = Array.isArray(attributes?.timeline) ? attributes.timeline : [];
  return timeline.filter(isJsonObject).map((one, at): Span => {
    const name = String(one.name);
    const tool = one.call === "tool";
    const failed = one.ok === false;
    return {
      ...{ traceId, spanId: idOf("petrel-call", net, firing, attempt, at), kind: tool ? "internal" : "client" },
      parentSpanId: firing === "" ? firingSpan : spanIdOf({ net, firing, attempt }),
      ...{ from: Number(one.from), to: Number(one.to), error: failed ? `${name || "the model"} failed` : null },
      name: `${tool ? "execute_tool" : "chat"} ${name}`.trim(),
      attributes: {
        ...(tool ? toolAttributes(one, name) : { ...chatAttributes(one, name), "gen_ai.conversation.id": correlation }),
        "error.type": failed ? String(one.error ?? OTHER_ERROR) : undefined,
      },
    };
  });
}

const toolAttributes = ({ id }: JsonObject, name: string): Attributes => ({
  ...{ "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name, "gen_ai.tool.type": "function" },
  "gen_ai.tool.call.id": typeof id === "string" ? id : undefined,
});

const count = (value: Json | undefined): number | undefined => (typeof value === "number" ? value : undefined);
const chatAttributes = (one: JsonObject, name: string): Attributes => ({
  "gen_ai.operation.name": "chat",
  "gen_ai.provider.name": providerName(String(one.provider ?? "")),
  // What failed may have gone through several models of its tier.
  "gen_ai.request.model": name || undefined,
  "gen_ai.usage.input_tokens": count(one.inputTokens),
  "gen_ai.usage.output_tokens": count(one.outputTokens),
  "gen_ai.usage.cache_read.input_tokens": count(one.cacheReadTokens),
  "gen_ai.usage.cache_creation.input_tokens": count(one.cacheWriteTokens),
});
