/**
 * The Domain Expert without a model: answers about a net from what is counted in it, and nothing that is not. Each fact names what it
 * is about, so that the page can lead there. Pure.
 */

import type { NetEvent } from "../contract/event.ts";
import { isJsonObject, type Json, type JsonObject } from "../contract/json.ts";
import type { FiringView, MarkingView, PlaceView } from "../contract/marking.ts";

export interface Seen {
  net: string;
  title: string;
  marking: MarkingView;
  definition: JsonObject;
  /** The newest, ascending. */
  events: readonly NetEvent[];
  /** What keeps a transition from firing, in words; of those that the question names and asks why. */
  reasons: ReadonlyMap<string, readonly string[]>;
  /** ms since the epoch. */
  now: number;
}
export interface FactLink {
  kind: "place" | "transition" | "token" | "event";
  net: string;
  id: string;
}
export interface Fact {
  text: string;
  links: FactLink[];
}

type Topic = "overview" | "waiting" | "failures" | "costs" | "named";
const TOPICS: readonly [Topic, RegExp][] = [
  ["failures", /\b(fail|error|wrong|broke|problem|reject|refus)/i],
  ["costs", /\b(cost|spen[dt]|money|price|budget|cheap|expensive|usd|dollar)/i],
  ["waiting", /\b(wait|gate|approv|block|stuck|oldest|queue|hold|pending)/i],
];
const OVERVIEW = /\b(see|seeing|look|going on|happen\w*|status|overview|summar\w+|explain|doing|now|show|stages?|net|work\w*)\b/i;
/** A question for reasons, which the running net knows. */
export const ASKS_WHY = /\b(why|not firing|stuck|blocked|holds?)\b/i;
const MOST = 5;

/** What a question is about: the places and transitions that it names, else a topic by its words, else all. */
export function answerTo(question: string, seen: Seen): Fact[] {
  const named = namesIn(question, seen);
  if (named.length > 0) return named.flatMap((name) => aboutName(name, seen));
  const topic = TOPICS.find(([, words]) => words.test(question))?.[0] ?? "overview";
  if (topic === "failures") return failures(seen);
  if (topic === "costs") return costs(seen);
  if (topic === "waiting") return waiting(seen);
  const all = [...overview(seen), ...stages(seen), ...waiting(seen), ...failures(seen).slice(0, 2)];
  if (question.trim() === "" || OVERVIEW.test(question)) return all;
  return [{ text: "The rules have no answer to just that; they count what stands in the net:", links: [] }, ...all];
}

function overview({ net, title, marking, events, now }: Seen): Fact[] {
  const tokens = marking.places.reduce((sum, { waiting: free, reserved }) => sum + free + reserved, 0);
  const running = marking.firings.filter(({ gate }) => gate === null);
  const state = marking.state === "running" ? "runs" : marking.state === "paused" ? "is paused" : "was stopped by a kill";
  const last = events.at(-1);
  const facts: Fact[] = [
    {
      text: `You see "${title}" (${net}). It ${state}, at event ${marking.seq}: ${count(tokens, "token")} in ${count(marking.places.length, "place")}, ${underWay(marking.firings)}.`,
      links: [],
    },
  ];
  for (const firing of running.slice(0, MOST))
    facts.push({
      text: `${who(firing)} works at ${firing.transition} for ${age(now - Date.parse(firing.since))}.`,
      links: [{ kind: "transition", net, id: firing.transition }],
    });
  if (last)
    facts.push({
      text: `The last thing that happened, ${age(now - Date.parse(last.ts))} ago: ${last.summary}`,
      links: [{ kind: "event", net, id: String(last.seq) }],
    });
  return facts;
}

/** What each stage does, by the definition: who it is, what it takes and what it makes. */
function stages(seen: Seen, names: readonly string[] = transitionsOf(seen).slice(0, 12)): Fact[] {
  const { net } = seen;
  return names.map((name) => {
    const one = definitionOf(name, seen);
    const from = arcs(one.in, "place");
    const to = arcs(one.out, "to");
    const by = typeof one.persona === "string" ? ` by ${one.persona}` : "";
    return {
      text: `${name} (${String(one.kind)}${by}) takes from ${list(from)} and puts into ${list(to)}.`,
      links: [{ kind: "transition", net, id: name }],
    };
  });
}

function waiting({ net, marking, now }: Seen): Fact[] {
  const gated = marking.firings.filter(({ gate }) => gate !== null);
  const facts: Fact[] = gated.map((firing) => ({
    text: `The gate ${firing.gate} has waited for people for ${age(now - Date.parse(firing.since))}, before ${firing.transition}.`,
    links: [{ kind: "transition", net, id: firing.transition }],
  }));
  const full = marking.places.filter(({ waiting: free }) => free > 0).sort((a, b) => ((a.oldestAt ?? "") < (b.oldestAt ?? "") ? -1 : 1));
  for (const place of full.slice(0, MOST)) facts.push(placeFact(net, place, now));
  if (facts.length === 0) facts.push({ text: "Nothing waits: no place holds a free token, and no gate is open.", links: [] });
  return facts;
}

function failures({ net, events, now }: Seen): Fact[] {
  const bad = events.filter(({ status }) => status === "error" || status === "refused");
  if (bad.length === 0) return [{ text: `Nothing failed among the last ${count(events.length, "event")}.`, links: [] }];
  const told = bad.slice(-MOST).reverse();
  return [
    {
      text: `${count(bad.length, "event")} of the last ${events.length} ${bad.length === 1 ? "tells" : "tell"} of a failure or a refusal.`,
      links: [],
    },
    ...told.map(
      ({ seq, ts, summary }): Fact => ({
        text: `${age(now - Date.parse(ts))} ago: ${summary}`,
        links: [{ kind: "event", net, id: String(seq) }],
      }),
    ),
  ];
}

function costs({ events }: Seen): Fact[] {
  const byPersona = new Map<string, { usd: number; list: number; calls: number }>();
  for (const { persona = "no persona", model } of events) {
    if (!model) continue;
    const sum = byPersona.get(persona) ?? { usd: 0, list: 0, calls: 0 };
    byPersona.set(persona, {
      usd: sum.usd + model.costUsd,
      list: sum.list + (model.listUsd ?? model.costUsd),
      calls: sum.calls + model.calls,
    });
  }
  if (byPersona.size === 0) return [{ text: `No model was asked among the last ${count(events.length, "event")}.`, links: [] }];
  const all = [...byPersona.values()].reduce((sum, one) => ({
    usd: sum.usd + one.usd,
    list: sum.list + one.list,
    calls: sum.calls + one.calls,
  }));
  return [
    {
      text: `Among the last ${count(events.length, "event")}, ${count(all.calls, "model call")} cost ${usd(all.usd)}, or ${usd(all.list)} at list prices.`,
      links: [],
    },
    ...[...byPersona]
      .sort(([, a], [, b]) => b.list - a.list)
      .slice(0, MOST)
      .map(
        ([persona, one]): Fact => ({
          text: `${persona}: ${count(one.calls, "call")}, ${usd(one.usd)}, ${usd(one.list)} at list prices.`,
          links: [],
        }),
      ),
  ];
}

function aboutName(name: string, seen: Seen): Fact[] {
  const { net, marking, events, now } = seen;
  const place = marking.places.find((one) => one.place === name);
  if (place) return [placeFact(net, place, now)];
  const isTransition = transitionsOf(seen).includes(name);
  const is = (of: { transition?: string | undefined; persona?: string | null | undefined }) =>
    (isTransition ? of.transition : of.persona) === name;
  const own = events.filter(is);
  const last = own.at(-1);
  const at = positionsOf(name, seen);
  return [
    ...(isTransition
      ? stages(seen, [name])
      : [{ text: `${name} stands at ${list(at)}.`, links: at.map((id): FactLink => ({ kind: "transition", net, id })) }]),
    ...(seen.reasons.get(name) ?? []).map((text): Fact => ({ text, links: [{ kind: "transition", net, id: name }] })),
    {
      text: `Of ${name}: ${underWay(marking.firings.filter(is))}; ${count(own.length, "event")} among the last ${events.length}.`,
      links: isTransition ? [{ kind: "transition", net, id: name }] : [],
    },
    ...(last ? [{ text: `Its last: ${last.summary}`, links: [{ kind: "event" as const, net, id: String(last.seq) }] }] : []),
  ];
}

function placeFact(net: string, { place, title, waiting: free, reserved, oldestAt }: PlaceView, now: number): Fact {
  const held = reserved > 0 ? `, and ${reserved} that firings hold` : "";
  const oldest = oldestAt === null ? "" : `; the oldest is ${age(now - Date.parse(oldestAt))} old`;
  return {
    text: `${title === place ? place : `${place} (${title})`} has ${count(free, "free token")}${held}${oldest}.`,
    links: [{ kind: "place", net, id: place }],
  };
}

/** Longest first, so that `task-results` is not taken for `task`. */
export function namesIn(question: string, seen: Seen): string[] {
  const { marking } = seen;
  const words = question.toLowerCase();
  const names = [...marking.places.map(({ place }) => place), ...transitionsOf(seen), ...personasIn(seen)];
  const found = names.filter((name) => new RegExp(`(^|[^a-z0-9-])${name}($|[^a-z0-9-])`).test(words));
  return [...new Set(found)].sort((a, b) => b.length - a.length).slice(0, MOST);
}

export function transitionsOf({ definition }: Pick<Seen, "definition">): string[] {
  return Object.keys(isJsonObject(definition.transitions) ? definition.transitions : {});
}
function definitionOf(name: string, { definition }: Seen): JsonObject {
  const one = isJsonObject(definition.transitions) ? definition.transitions[name] : undefined;
  return isJsonObject(one) ? one : {};
}
/** The transitions at which a specialist works. */
export const positionsOf = (persona: string, seen: Seen): string[] =>
  transitionsOf(seen).filter((name) => definitionOf(name, seen).persona === persona);
function personasIn(seen: Seen): string[] {
  return [...new Set(transitionsOf(seen).flatMap((name) => definitionOf(name, seen).persona ?? []))].map(String);
}

/** Those that wait for people are told apart: nobody works at them. */
function underWay(firings: readonly FiringView[]): string {
  const gated = firings.filter(({ gate }) => gate !== null).length;
  return `${count(firings.length - gated, "firing")} under way${gated === 0 ? "" : `, ${gated} waiting for people`}`;
}

const who = ({ persona, executor }: FiringView): string => persona ?? executor ?? "The runtime";
const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? "" : "s"}`;
const usd = (amount: number): string => `${Number(amount.toFixed(4))} USD`;
const list = (names: string[]): string => (names.length === 0 ? "nothing" : [...new Set(names)].join(", "));
const arcs = (value: Json | undefined, key: string): string[] =>
  Array.isArray(value) ? value.flatMap((arc) => (isJsonObject(arc) && typeof arc[key] === "string" ? [arc[key]] : [])) : [];

function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return seconds < 90
    ? count(seconds, "second")
    : seconds < 5400
      ? count(Math.round(seconds / 60), "minute")
      : count(Math.round(seconds / 3600), "hour");
}
