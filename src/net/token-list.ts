/** The tokens of a place in one line, or in a line for each value that tells them apart. */
import type { Json } from "../contract/json.ts";
import type { Token } from "../contract/token.ts";
import { Links, NONE, type SlotTable, TokenLine } from "./token-line.ts";

/** What tokens of a place are told apart by. */
export interface TokenKey {
  /** Two keys of the same text are the same key. */
  text: string;
  /** The same for the same token, whenever it is asked. */
  of(token: Token, place: string): Json | undefined;
}

/** Consume arcs look at free tokens only, read arcs at held ones too. */
export type Over = "free" | "all";

/** Objects and arrays share one, whatever they hold. */
const OBJECTS = Symbol("objects");
export type KeyValue = string | number | boolean | null | typeof OBJECTS;

/** One key for values that count as equal: missing as null. A string is its own, so that nothing is kept beside it. */
export function keyValue(value: Json | undefined): KeyValue {
  return typeof value === "object" && value !== null ? OBJECTS : (value ?? null);
}

export class TokenList {
  readonly over: Over;
  readonly key: TokenKey | null;
  readonly #place: string;
  readonly #links: Links;
  /** Of a list without a key. */
  readonly #everything: TokenLine;
  /** A slot alone stands for a line of one: where every token has a value of its own these are all there is. */
  readonly #lines = new Map<KeyValue, TokenLine | number>();

  constructor(place: string, table: SlotTable, over: Over, key: TokenKey | null) {
    this.#place = place;
    this.#links = new Links(table);
    this.#everything = new TokenLine(this.#links);
    this.over = over;
    this.key = key;
  }

  /** Not to be kept: it is of this moment. */
  line(value: Json | undefined): TokenLine {
    if (this.key === null) return this.#everything;
    const line = this.#lines.get(keyValue(value));
    return typeof line === "object" ? line : new TokenLine(this.#links, line);
  }

  has(slot: number): boolean {
    return this.#links.has(slot);
  }

  enter(slot: number): void {
    if (this.key === null) this.#everything.insert(slot);
    else this.#enterUnder(this.#keyOf(slot, this.key), slot);
  }
  #enterUnder(key: KeyValue, slot: number): void {
    const line = this.#lines.get(key);
    if (typeof line === "object") line.insert(slot);
    else if (line === undefined) {
      this.#links.set(slot, NONE, NONE);
      this.#lines.set(key, slot);
    } else {
      const pair = new TokenLine(this.#links, line);
      pair.insert(slot);
      this.#lines.set(key, pair);
    }
  }

  leave(slot: number): void {
    if (!this.has(slot)) return;
    if (this.key === null) this.#everything.remove(slot);
    else this.#leaveFrom(this.#keyOf(slot, this.key), slot);
  }
  #leaveFrom(key: KeyValue, slot: number): void {
    const line = this.#lines.get(key);
    if (typeof line === "object") line.remove(slot);
    else this.#links.unset(slot);
    if (typeof line !== "object" || line.size === 0) this.#lines.delete(key);
  }

  /** No token is left in the place. */
  clear(): void {
    this.#links.clear();
  }

  #keyOf(slot: number, key: TokenKey): KeyValue {
    const token = this.#links.table.placed[slot]?.token as Token;
    return keyValue(key.of(token, this.#place));
  }
}
