/** The narration as people follow it: one feature request is one story, with its steps and rounds. */
import type { NetEvent } from "../contract/event.ts";

export interface Story {
  correlation: string;
  title: string;
  events: NetEvent[];
  state: "going on" | "waiting" | "failed" | "done";
  /** Firings that ended more than once for the same transition: rework. */
  rounds: number;
  costUsd: number;
  from: string;
  to: string;
}

/** Events of no story, like a change of the net, stand under this name. */
export const NO_STORY = "";
const WORDS_OF_TITLE = ["title", "text", "request", "name", "summary"];

/** In the order of their newest event, newest first. */
export function storiesOf(events: readonly NetEvent[]): Story[] {
  const stories = new Map<string, NetEvent[]>();
  for (const event of events) {
    const key = storyKeyOf(event);
    const known = stories.get(key);
    if (known) known.push(event);
    else stories.set(key, [event]);
  }
  return [...stories]
    .map(([correlation, own]) => storyOf(correlation, own))
    .sort((a, b) => (b.events.at(-1)?.seq ?? 0) - (a.events.at(-1)?.seq ?? 0));
}

export function storyKeyOf(event: NetEvent): string {
  return event.correlation ?? event.produced?.[0]?.token.correlation ?? NO_STORY;
}

export function storyOf(correlation: string, events: NetEvent[]): Story {
  const open = new Map<string, NetEvent>();
  for (const event of events) {
    if (event.firing === undefined) continue;
    const over = ["fired", "sent", "expired"].includes(event.type) || (event.type === "failed" && event.attributes?.final === true);
    if (over) open.delete(event.firing);
    else if (["started", "gated", "lapsed", "claimed", "failed"].includes(event.type)) open.set(event.firing, event);
  }
  const waits = [...open.values()].some(({ type }) => type === "gated");
  const last = events.at(-1);
  return {
    correlation,
    title: correlation === NO_STORY ? "The net itself" : titleOf(events),
    events,
    state: open.size > 0 ? (waits ? "waiting" : "going on") : last && endedBadly(last) ? "failed" : "done",
    rounds: roundsOf(events),
    costUsd: events.reduce((sum, { model }) => sum + (model?.costUsd ?? 0), 0),
    from: events[0]?.ts ?? "",
    to: last?.ts ?? "",
  };
}

/** A delivery that was not taken in is no work that was done. */
function endedBadly({ type, status }: NetEvent): boolean {
  return status === "error" || type === "refused";
}

function titleOf(events: readonly NetEvent[]): string {
  const data =
    events.find(({ type }) => type === "arrived" || type === "forked")?.produced?.[0]?.token.data ?? events[0]?.produced?.[0]?.token.data;
  if (typeof data === "object" && data !== null && !Array.isArray(data)) {
    for (const word of WORDS_OF_TITLE) {
      const value = data[word];
      if (typeof value === "string" && value.trim() !== "") return value.slice(0, 140);
    }
  }
  return typeof data === "string" ? data.slice(0, 140) : (events[0]?.summary ?? "A story");
}

function roundsOf(events: readonly NetEvent[]): number {
  const attempts = events.flatMap(({ type, produced }) =>
    type === "fired"
      ? (produced ?? []).flatMap(({ token }) =>
          typeof token.data === "object" && token.data !== null && !Array.isArray(token.data) && typeof token.data.attempt === "number"
            ? [token.data.attempt]
            : [],
        )
      : [],
  );
  return Math.max(0, ...attempts);
}
