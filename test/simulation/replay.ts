/**
 * A strict replay of a log: it believes nothing. Every token is made once and taken once, by the firing that holds it;
 * every attempt follows the one before; every claim has one executor.
 */
import type { NetEvent, PlacedId } from "../../src/contract/event.ts";
import type { Token } from "../../src/contract/token.ts";
import type { RawEntry } from "./raw-log.ts";

interface Held {
  attempt: number;
  tokens: Set<string>;
  gated: boolean;
  approvals: Set<string>;
}

export interface Taken {
  by: string;
  seq: number;
}

export class Replay {
  readonly broken: string[] = [];
  /** Tokens at rest, by id. */
  readonly rest = new Map<string, { place: string; token: Token; heldBy: string | null }>();
  readonly taken = new Map<string, Taken>();
  readonly arrivals: NetEvent[] = [];
  /** `firing/attempt` -> executor. */
  readonly claims = new Map<string, { executor: string; sequence: number }>();
  /** `firing/attempt` -> the entry that opened it. */
  readonly attempts = new Map<string, number>();
  /** `firing/attempt` -> the entry that ended it. */
  readonly ended = new Map<string, number>();
  readonly #made = new Set<string>();
  readonly #open = new Map<string, Held>();
  readonly #over = new Set<string>();
  readonly #read = new Set<string>();
  #seq = 0;
  #sequence = 0;

  constructor(entries: RawEntry[]) {
    for (const { events, sequence } of entries) {
      this.#sequence = sequence;
      for (const event of events) {
        const { firing = "" } = event;
        const before = this.#open.get(firing)?.attempt;
        this.#event(event, sequence);
        if (before !== undefined && before !== this.#open.get(firing)?.attempt) this.ended.set(`${firing}/${before}`, sequence);
      }
    }
  }

  /** Attempts of a firing that the log had opened by that entry. */
  openedBy(firing: string, sequence: number): number[] {
    const opened = [...this.attempts].filter(([key, entry]) => key.startsWith(`${firing}/`) && entry <= sequence);
    return opened.map(([key]) => Number(key.slice(firing.length + 1))).sort((a, b) => a - b);
  }

  #say(event: NetEvent, what: string): void {
    if (this.broken.length < 20) this.broken.push(`event ${event.seq} (${event.type} ${event.transition ?? ""}): ${what}`);
  }

  #event(event: NetEvent, sequence: number): void {
    if (event.seq !== this.#seq + 1) this.#say(event, `follows event ${this.#seq}`);
    this.#seq = event.seq;
    switch (event.type) {
      case "arrived":
      case "refused":
        this.arrivals.push(event);
        break;
      case "started":
      case "gated":
        this.#begin(event, sequence);
        break;
      case "claimed":
        this.#claim(event, sequence);
        return;
      case "lapsed":
        this.#next(event, event.attempt ?? 0, null);
        return;
      case "failed":
        if (event.attributes?.final === true) this.#close(event);
        else this.#next(event, (event.attempt ?? 0) + 1, null);
        break;
      case "decided":
        if (event.attributes?.decision === "approve") this.#approve(event);
        else this.#close(event);
        break;
      case "fired":
      case "expired":
      case "intervened":
      case "sent":
      case "delivered":
      case "crystallized":
        this.#close(event);
        break;
      default:
    }
    for (const { place, token } of event.produced ?? []) {
      if (this.#made.has(token.id)) this.#say(event, `makes token ${token.id} a second time`);
      this.#made.add(token.id);
      this.rest.set(token.id, { place, token, heldBy: null });
    }
  }

  #begin(event: NetEvent, sequence: number): void {
    const id = event.firing ?? "";
    const gate = this.#open.get(id);
    if (gate?.gated && event.type === "started") {
      gate.gated = false;
      this.attempts.set(`${id}/${event.attempt}`, sequence);
      this.#passed(event, gate);
    } else if (event.attributes?.again === true) this.#again(event, gate, sequence);
    else if (gate || this.#over.has(id)) this.#say(event, `the firing ${id} began before`);
    else this.#reserve(event, id, sequence);
  }

  #reserve(event: NetEvent, id: string, sequence: number): void {
    this.#once(event);
    for (const token of event.consumed ?? []) {
      const placed = this.#at(event, token);
      if (placed?.heldBy) this.#say(event, `${token.id} is held by ${placed.heldBy}`);
      if (placed) placed.heldBy = id;
    }
    for (const token of event.read ?? []) this.#at(event, token);
    const tokens = new Set((event.consumed ?? []).map((token) => token.id));
    this.#open.set(id, { attempt: event.attempt ?? 1, tokens, gated: event.type === "gated", approvals: new Set() });
    if (event.type === "started") this.attempts.set(`${id}/${event.attempt}`, sequence);
  }

  /** A retry: the attempt that the failure before it has announced. */
  #again(event: NetEvent, held: Held | undefined, sequence: number): void {
    const key = `${event.firing}/${event.attempt}`;
    if (!held || held.attempt !== event.attempt)
      this.#say(event, `starts attempt ${event.attempt}, and ${held?.attempt ?? "none"} is open`);
    if (this.attempts.has(key)) this.#say(event, `starts attempt ${event.attempt} a second time`);
    this.attempts.set(key, sequence);
  }

  /** What only reads, reads each token once. */
  #once(event: NetEvent): void {
    if ((event.consumed?.length ?? 0) > 0) return;
    for (const { id } of event.read ?? []) {
      const key = `${event.transition}/${id}`;
      if (this.#read.has(key)) this.#say(event, `reads ${id} a second time`);
      this.#read.add(key);
    }
  }

  #passed(event: NetEvent, held: Held): void {
    if (held.approvals.size < 2) this.#say(event, `passed its gate with ${held.approvals.size} approvals`);
  }
  #approve(event: NetEvent): void {
    const held = this.#open.get(event.firing ?? "");
    const by = String(event.attributes?.by);
    if (!held) this.#say(event, "decides on nothing");
    else if (held.approvals.has(by)) this.#say(event, `${by} decides twice`);
    held?.approvals.add(by);
  }

  #claim(event: NetEvent, sequence: number): void {
    const key = `${event.firing}/${event.attempt}`;
    const held = this.#open.get(event.firing ?? "");
    if (!held || held.attempt !== event.attempt) this.#say(event, `claims ${key}, which is not open`);
    if (this.claims.has(key)) this.#say(event, `${key} is claimed twice`);
    this.claims.set(key, { executor: String(event.attributes?.executor), sequence });
  }

  /** `sequence` is null for an attempt that waits: its own `started` opens it. */
  #next(event: NetEvent, attempt: number, sequence: number | null): void {
    const held = this.#open.get(event.firing ?? "");
    if (!held) {
      this.#say(event, "an attempt of no open firing");
      return;
    }
    if (attempt !== held.attempt + 1) this.#say(event, `attempt ${attempt} follows attempt ${held.attempt}`);
    held.attempt = attempt;
    if (sequence !== null) this.attempts.set(`${event.firing}/${attempt}`, sequence);
  }

  #close(event: NetEvent): void {
    const id = event.firing ?? "";
    const held = this.#open.get(id);
    this.#endInside(event);
    if (this.#over.has(id)) this.#say(event, `the firing ${id} is over`);
    if (held?.gated && event.type === "fired") this.#passed(event, held);
    if (held && event.attempt !== undefined && event.attempt !== held.attempt)
      this.#say(event, `ends attempt ${event.attempt} of ${held.attempt}`);
    if (!held) this.#once(event);
    if (id !== "") this.#over.add(id);
    this.#open.delete(id);
    for (const token of event.consumed ?? []) {
      const placed = this.#at(event, token);
      if (placed?.heldBy && placed.heldBy !== id) this.#say(event, `takes ${token.id}, which ${placed.heldBy} holds`);
      this.rest.delete(token.id);
      this.taken.set(token.id, { by: id, seq: event.seq });
      held?.tokens.delete(token.id);
    }
    for (const token of held?.tokens ?? []) {
      const placed = this.rest.get(token);
      if (placed) placed.heldBy = null;
    }
  }

  /** With an instance of a sub-net end the firings that stand in it: what they hold is free, and nothing follows of them. */
  #endInside(event: NetEvent): void {
    for (const { firing } of (event.attributes?.ended ?? []) as unknown as { firing: string }[]) {
      const inside = this.#open.get(firing);
      if (!inside) this.#say(event, `ends ${firing}, which is not open`);
      for (const token of inside?.tokens ?? []) {
        const placed = this.rest.get(token);
        if (placed) placed.heldBy = null;
      }
      this.#open.delete(firing);
      this.#over.add(firing);
      if (inside) this.ended.set(`${firing}/${inside.attempt}`, this.#sequence);
    }
  }

  #at(event: NetEvent, { place, id }: PlacedId) {
    const placed = this.rest.get(id);
    const before = this.taken.get(id);
    if (before && event.type !== "started") this.#say(event, `takes ${id}, which ${before.by} took at ${before.seq}`);
    else if (!placed || placed.place !== place) this.#say(event, `finds no ${id} in ${place}`);
    return placed;
  }
}
