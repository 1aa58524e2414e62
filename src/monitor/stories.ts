/** The narration as people follow it: one feature request is one story, with its steps and rounds. */
import type { NetEvent } from "../contract/event.ts";

export interface Story {
  correlation: string;
  title: string;
  /** Events in it, and the number of the newest. */
  steps: number;
  seq: number;
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
const OPENS: ReadonlySet<string> = new Set(["started", "gated", "lapsed", "claimed", "failed"]);

/** In the order of their newest event, newest first. */
export function storiesOf(events: readonly NetEvent[]): Story[] {
  const stories = new Map<string, StoryTally>();
  for (const event of events) {
    const key = storyKeyOf(event);
    const known = stories.get(key);
    if (known) known.add(event);
    else stories.set(key, new StoryTally(key, event));
  }
  return [...stories.values()].map((tally) => tally.story()).sort((a, b) => b.seq - a.seq);
}

export function storyKeyOf(event: NetEvent): string {
  return event.correlation ?? event.produced?.[0]?.token.correlation ?? NO_STORY;
}

/** One story as its events add up, whether they come after those that are known or before them. */
export class StoryTally {
  readonly #correlation: string;
  #first: NetEvent;
  #last: NetEvent;
  /** The first that brought something in. */
  #asked: NetEvent | null = null;
  #steps = 0;
  #rounds = 0;
  #costUsd = 0;
  /** By firing: what the newest event that tells says of it. */
  readonly #firings = new Map<string, FiringState>();
  readonly #count = { open: 0, gated: 0, over: 0 };
  #story: Story | null = null;

  constructor(correlation: string, first: NetEvent) {
    this.#correlation = correlation;
    this.#first = this.#last = first;
    this.add(first);
  }

  /** Newer than all that are known. */
  add(event: NetEvent): void {
    this.#last = event;
    if (bringsIn(event)) this.#asked ??= event;
    const [firing, now] = [event.firing, firingStateAfter(event)];
    if (firing !== undefined && now !== null) {
      const was = this.#firings.get(firing);
      if (was !== undefined) this.#count[was] -= 1;
      this.#firings.set(firing, now);
      this.#count[now] += 1;
    }
    this.#sum(event);
  }

  /** Older than all that are known. */
  addBefore(event: NetEvent): void {
    this.#first = event;
    if (bringsIn(event)) this.#asked = event;
    const [firing, then] = [event.firing, firingStateAfter(event)];
    if (firing !== undefined && then !== null && !this.#firings.has(firing)) {
      this.#firings.set(firing, then);
      this.#count[then] += 1;
    }
    this.#sum(event);
  }

  /** The same object until an event comes. */
  story(): Story {
    const { open, gated } = this.#count;
    this.#story ??= {
      correlation: this.#correlation,
      title: this.#correlation === NO_STORY ? "The net itself" : this.#title(),
      ...{ steps: this.#steps, seq: this.#last.seq },
      state: open + gated > 0 ? (gated > 0 ? "waiting" : "going on") : endedBadly(this.#last) ? "failed" : "done",
      ...{ rounds: this.#rounds, costUsd: this.#costUsd, from: this.#first.ts, to: this.#last.ts },
    };
    return this.#story;
  }

  #sum(event: NetEvent): void {
    this.#story = null;
    this.#steps += 1;
    this.#rounds = Math.max(this.#rounds, ...attemptsIn(event));
    this.#costUsd += event.model?.costUsd ?? 0;
  }

  #title(): string {
    const data = this.#asked?.produced?.[0]?.token.data ?? this.#first.produced?.[0]?.token.data;
    if (typeof data === "object" && data !== null && !Array.isArray(data)) {
      for (const word of WORDS_OF_TITLE) {
        const value = data[word];
        if (typeof value === "string" && value.trim() !== "") return value.slice(0, 140);
      }
    }
    return typeof data === "string" ? data.slice(0, 140) : this.#first.summary;
  }
}

const bringsIn = ({ type }: NetEvent): boolean => type === "arrived" || type === "forked";

type FiringState = "open" | "gated" | "over";
/** Null: it tells nothing of whether the firing goes on. */
function firingStateAfter({ type, attributes }: NetEvent): FiringState | null {
  if (type === "fired" || type === "sent" || type === "expired") return "over";
  if (type === "failed" && attributes?.final === true) return "over";
  if (type === "gated") return "gated";
  return OPENS.has(type) ? "open" : null;
}

/** A delivery that was not taken in is no work that was done. */
function endedBadly({ type, status }: NetEvent): boolean {
  return status === "error" || type === "refused";
}

function attemptsIn({ type, produced }: NetEvent): number[] {
  if (type !== "fired") return [];
  return (produced ?? []).flatMap(({ token: { data } }) =>
    typeof data === "object" && data !== null && !Array.isArray(data) && typeof data.attempt === "number" ? [data.attempt] : [],
  );
}
