/**
 * One stream of tokens as its only writer knows it: which sequence each token has, so that what has left is removed by one purge
 * up to a sequence rather than by a call for each token, and many tokens are published for one acknowledgement.
 *
 * L1 A sequence is known from acknowledgements that add up: one must be as far from the one before as messages were sent between
 * them, else something was lost or somebody else wrote, all that was known is forgotten, and the streams count as out of step.
 * L2 A purge up to a sequence happens only where every message below it is known and unwanted; a message that was there before
 * us is no such one, and is removed by itself.
 */
import { Retryable } from "../contract/errors.ts";
import type { Token } from "../contract/token.ts";
import { publishAcked } from "./jetstream-api.ts";
import type { Link } from "./link.ts";
import { purgeStream, removeMessage } from "./streams.ts";
import { windowed } from "./windowed.ts";

/** Messages for one acknowledgement, and how many such groups are on their way at once. */
const GROUP = 100;
const GROUPS_IN_FLIGHT = 5;
const API_CALLS_IN_FLIGHT = 200;
/** Unwanted messages behind a wanted one may wait so long for it to leave: then one purge removes them all. */
const HOLES_MS = 200;

/** The subject is that of the place and the token's id behind it; tokens are told apart by `key`, in one place the id. */
export interface LaneMessage {
  key: string;
  /** Written down when it is sent: of many tokens at once their texts would be in memory twice. */
  token: Token;
}

export class PlaceLane {
  readonly #link: Link;
  readonly #stream: string;
  readonly #subjects: string;
  /** Of the last message that is known to be there; null before the first. */
  #last: number | null = null;
  readonly #seqs = new Map<string, number>();
  /** Up to here nothing is wanted; null while that is not known. */
  #low: number | null = null;
  /** Above `#low`: unwanted, and of these what is still there. */
  readonly #unwanted = new Set<number>();
  /** Sequence -> since when nobody wants it, in ms, in that order. */
  readonly #holes = new Map<number, number>();
  /** What is there under a sequence that we do not know; null while nobody has looked. */
  #strangers: Set<string> | null = null;

  /** `subjects`: what stands before a key in its subject. */
  constructor(link: Link, stream: string, subjects: string) {
    this.#link = link;
    this.#stream = stream;
    this.#subjects = subjects;
  }

  /** Whether removals were put off. */
  get waits(): boolean {
    return this.#holes.size > 0;
  }

  /** What a look at the stream has found: the keys of all its tokens, and its last sequence. */
  look(keys: ReadonlySet<string>, last: number): void {
    if (last !== this.#last) this.#seqs.clear();
    for (const key of this.#seqs.keys()) if (!keys.has(key)) this.#seqs.delete(key);
    this.#strangers = new Set([...keys].filter((key) => !this.#seqs.has(key)));
    this.#last = last;
    this.#low = null;
    this.#unwanted.clear();
    this.#holes.clear();
    this.#begin();
  }

  /** L1. */
  async publish(messages: readonly LaneMessage[]): Promise<void> {
    const groups: LaneMessage[][] = [];
    // The first acknowledgement says where to count from.
    let at = this.#last === null ? 1 : 0;
    await this.#publishGroup(messages.slice(0, at));
    for (; at < messages.length; at += GROUP) groups.push(messages.slice(at, at + GROUP));
    await windowed(groups, GROUPS_IN_FLIGHT, (group) => this.#publishGroup(group));
  }

  /** With `later`, holes may wait. */
  async remove(keys: readonly string[], later: boolean): Promise<void> {
    const now = this.#link.clock.now();
    const alone: string[] = [];
    for (const key of keys) {
      const seq = this.#seqs.get(key);
      if (seq === undefined) alone.push(key);
      else {
        this.#seqs.delete(key);
        this.#unwanted.add(seq);
        this.#holes.set(seq, now);
      }
    }
    await windowed(alone, API_CALLS_IN_FLIGHT, (key) => purgeStream(this.#link, this.#stream, { filter: `${this.#subjects}${key}` }));
    for (const key of alone) this.#strangers?.delete(key);
    this.#begin();
    await this.#purge();
    const mayWait = later && this.#low !== null ? now - HOLES_MS : Number.POSITIVE_INFINITY;
    const due: number[] = [];
    for (const [seq, since] of this.#holes) {
      if (since > mayWait) break;
      due.push(seq);
    }
    for (const seq of due) this.#holes.delete(seq);
    await windowed(due, API_CALLS_IN_FLIGHT, (seq) => removeMessage(this.#link, this.#stream, seq));
  }

  forget(): void {
    this.#last = null;
    this.#low = null;
    this.#strangers = null;
    this.#seqs.clear();
    this.#unwanted.clear();
    this.#holes.clear();
  }

  async #publishGroup(group: readonly LaneMessage[]): Promise<void> {
    const final = group.at(-1);
    if (!final) return;
    for (let at = 0; at < group.length - 1; at += 1) {
      const { key, token } = group[at] as LaneMessage;
      this.#link.publish(`${this.#subjects}${key}`, JSON.stringify(token));
    }
    const { seq } = await publishAcked(this.#link, `${this.#subjects}${final.key}`, JSON.stringify(final.token));
    if (this.#last === null ? group.length > 1 : seq !== this.#last + group.length) throw this.#outOfStep(seq, group.length);
    this.#last = seq;
    for (const [at, { key }] of group.entries()) this.#learn(key, seq - group.length + 1 + at);
  }

  #learn(key: string, seq: number): void {
    const before = this.#seqs.get(key);
    if (before !== undefined) {
      // The stream keeps one message for each token: the later one took the place of the earlier.
      this.#seqs.delete(key);
      this.#unwanted.add(before);
    }
    this.#strangers?.delete(key);
    this.#seqs.set(key, seq);
  }

  /** L2. When the last stranger has left, all below the first of ours is unwanted. */
  #begin(): void {
    if (this.#low !== null || this.#last === null || this.#strangers?.size !== 0) return;
    const [first] = this.#seqs.values();
    let low = (first ?? this.#last + 1) - 1;
    for (const seq of this.#unwanted) low = Math.min(low, seq - 1);
    this.#low = low;
  }

  async #purge(): Promise<void> {
    if (this.#low === null) return;
    const before = this.#low;
    while (this.#unwanted.delete(this.#low + 1)) {
      this.#low += 1;
      this.#holes.delete(this.#low);
    }
    if (this.#low > before) await purgeStream(this.#link, this.#stream, { seq: this.#low + 1 });
  }

  #outOfStep(found: number, sent: number): Retryable {
    const expected = this.#last === null ? "where it was" : `at ${this.#last + sent}`;
    return new Retryable({
      code: "place-stream-out-of-step",
      message: `the stream ${this.#stream} is at ${found} and not ${expected}: a message was lost, or somebody else writes there`,
      hint: "it is compared with the marking by itself",
    });
  }
}
