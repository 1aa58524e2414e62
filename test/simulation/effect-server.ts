/** A server outside that honours keys: it applies each key once and gives every later asker the first answer. */
import type { Json } from "../../src/contract/json.ts";
import type { MemoryHub } from "../../src/jetstream/memory/hub.ts";
import type { World } from "./world.ts";

export interface EffectCall {
  key: string;
  net: string;
  firing: string;
  /** Null for requests, which name their firing alone. */
  attempt: number | null;
  by: string;
  /** Entries in the net's log when the call came in. */
  logged: number;
  applied: boolean;
}

export class EffectServer {
  readonly calls: EffectCall[] = [];
  readonly #world: World;
  readonly #hub: MemoryHub;
  readonly #answers = new Map<string, Json>();

  constructor(world: World, hub: MemoryHub) {
    this.#world = world;
    this.#hub = hub;
  }

  call(about: { key: string; net: string; firing: string; attempt: number | null; by: string }): Json {
    const first = !this.#answers.has(about.key);
    this.#world.note(`${about.by} asks for ${about.key}, attempt ${about.attempt}`);
    if (first) this.#answers.set(about.key, { receipt: this.#answers.size + 1 });
    this.calls.push({ ...about, logged: this.#hub.log(about.net).last, applied: first });
    return this.#answers.get(about.key) ?? null;
  }
}
