/**
 * A process of the simulation: what belongs to it moves only while it is alive and not frozen. Code that was asked for
 * before a kill simply never goes on; what it had sent by then is on the wire and arrives.
 */
import type { Clock, Timer } from "../../src/contract/clock.ts";
import type { World } from "./world.ts";

export class SimProcess implements Clock {
  readonly name: string;
  readonly world: World;
  #alive = true;
  #frozen = false;
  #waiting: (() => void)[] = [];
  #ends: (() => void)[] = [];

  constructor(world: World, name: string) {
    this.world = world;
    this.name = name;
  }

  get alive(): boolean {
    return this.#alive;
  }
  get frozen(): boolean {
    return this.#frozen;
  }
  now(): number {
    return this.world.now();
  }
  after(delayMs: number, call: () => void): Timer {
    let live = true;
    const timer = this.world.after(delayMs, () => this.deliver(() => live && call()));
    return {
      cancel: () => {
        live = false;
        timer.cancel();
      },
    };
  }
  /** Something reaches the process: now, after the thaw, or never. */
  deliver(call: () => void): void {
    if (!this.#alive) return;
    // Behind what came while it was frozen.
    if (this.#frozen || this.#waiting.length > 0) this.#waiting.push(call);
    else call();
  }
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  onKill(call: () => void): void {
    this.#ends.push(call);
  }
  kill(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#waiting = [];
    for (const call of this.#ends) call();
  }
  freeze(forMs: number): void {
    if (this.#frozen || !this.#alive) return;
    this.#frozen = true;
    this.world.after(forMs, () => this.thaw());
  }
  /** What came meanwhile is dealt with one after the other. */
  thaw(): void {
    if (!this.#frozen) return;
    this.#frozen = false;
    this.world.after(0, () => this.#catchUp());
  }

  #catchUp(): void {
    const call = this.#frozen ? undefined : this.#waiting[0];
    if (!call) return;
    call();
    this.#waiting.shift();
    this.world.after(0, () => this.#catchUp());
  }
}
