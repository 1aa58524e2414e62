/**
 * Virtual time. Whatever waits stands in one queue, ordered by its moment and then by when it was asked for; between two
 * steps all promises that can settle have settled. So a run depends on its seed alone.
 */
import type { Clock, Timer } from "../../src/contract/clock.ts";
import { Chance } from "./chance.ts";

export const T0 = Date.parse("2026-01-01T00:00:00.000Z");

/** Of a run that goes round in a circle; others take some thousand. */
const MOST_STEPS = 300_000;

interface Step {
  at: number;
  order: number;
  call: (() => void) | null;
}

export class World implements Clock {
  readonly chance: Chance;
  /** What happened, for people who look at a failing seed. */
  readonly trace: string[] = [];
  #now = T0;
  #order = 0;
  #steps = 0;
  readonly #heap: Step[] = [];

  constructor(seed: number) {
    this.chance = new Chance(seed);
  }

  get steps(): number {
    return this.#steps;
  }
  now(): number {
    return this.#now;
  }
  after(delayMs: number, call: () => void): Timer {
    const step: Step = { at: this.#now + Math.max(0, delayMs), order: ++this.#order, call };
    this.#push(step);
    return {
      cancel: () => {
        step.call = null;
      },
    };
  }
  note(text: string): void {
    this.trace.push(`${String(this.#now - T0).padStart(7)} ${text}`);
  }

  /** Lets time pass until `done`, at most `limitMs`. Says whether `done` came true. */
  async run(done: () => boolean, limitMs: number): Promise<boolean> {
    const end = this.#now + limitMs;
    await settled();
    while (!done()) {
      if (this.#steps > MOST_STEPS) return false;
      const step = this.#pop();
      if (!step || step.at > end) {
        if (step) this.#push(step);
        this.#now = end;
        return done();
      }
      if (!step.call) continue;
      this.#now = step.at;
      this.#steps += 1;
      step.call();
      await settled();
    }
    return true;
  }

  #push(step: Step): void {
    const heap = this.#heap;
    let at = heap.push(step) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(step, heap[parent] as Step)) break;
      heap[at] = heap[parent] as Step;
      at = parent;
    }
    heap[at] = step;
  }

  #pop(): Step | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Step, heap[child] as Step)) child += 1;
      if (!before(heap[child] as Step, last)) break;
      heap[at] = heap[child] as Step;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function before(a: Step, b: Step): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Immediates come after all promises that can settle now. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
