/** States made by events alone, for tests of the pure algebra. */
import type { EventDraft, EventType, NetEvent } from "../../src/contract/event.ts";
import { CATEGORY_OF } from "../../src/contract/event.ts";
import type { Json } from "../../src/contract/json.ts";
import type { Token } from "../../src/contract/token.ts";
import { type CompiledNet, compileNet } from "../../src/net/compiled-net.ts";
import { decideTransition } from "../../src/net/decide.ts";
import { type NetFile, netSchema } from "../../src/net/definition.ts";
import { applyEvent } from "../../src/net/fold.ts";
import { emptyState, type NetState } from "../../src/net/state.ts";

export const T0 = Date.parse("2026-01-01T00:00:00.000Z");

export class Bench {
  readonly state: NetState = emptyState("n");
  readonly log: NetEvent[] = [];
  net: CompiledNet;
  now = T0;
  #count = 0;

  constructor(file: Omit<NetFile, "net">) {
    this.net = compileNet(netSchema.parse({ net: "n", ...file }), "v1");
  }

  event(type: EventType, parts: Partial<NetEvent> = {}): NetEvent {
    return this.commit({ category: CATEGORY_OF[type], type, status: "ok", summary: type, ...parts });
  }
  commit(draft: EventDraft): NetEvent {
    const event: NetEvent = { ...draft, seq: this.state.seq + 1, ts: new Date(this.now).toISOString(), net: "n" };
    applyEvent(this.state, event);
    this.log.push(structuredClone(event));
    return event;
  }
  put(place: string, data: Json, parts: Partial<Token> = {}): Token {
    const token = tokenOf(`t${++this.#count}`, data, { at: new Date(this.now).toISOString(), ...parts });
    this.event("arrived", { produced: [{ place, token }] });
    return token;
  }
  decide(transition: string): EventDraft | null {
    const compiled = this.net.transitions.get(transition);
    if (!compiled) throw new Error(`no transition ${transition}`);
    return decideTransition(this.state, this.net, compiled, this.now);
  }
  /** Decides and commits; null when it is not enabled. */
  fire(transition: string): NetEvent | null {
    const draft = this.decide(transition);
    return draft && this.commit(draft);
  }
  /** Fires all transitions until nothing is enabled. */
  run(most = 1000): number {
    let fired = 0;
    for (let again = true; again && fired < most; ) {
      again = false;
      for (const id of this.net.transitions.keys()) {
        if (!this.fire(id)) continue;
        fired += 1;
        again = true;
      }
    }
    return fired;
  }
  ids(place: string): string[] {
    return [...(this.state.places.get(place)?.keys() ?? [])];
  }
  data(place: string): Json[] {
    return [...(this.state.places.get(place)?.values() ?? [])].map(({ token }) => token.data);
  }
}

export function tokenOf(id: string, data: Json, parts: Partial<Token> = {}): Token {
  return { id, data, from: { outside: "test" }, by: "test", at: new Date(T0).toISOString(), correlation: `c-${id}`, v: 1, ...parts };
}
