/**
 * Place streams follow the log (E5): what acknowledged events produce is published, what they consume is removed. One change is
 * under way at a time, the next begins no sooner than `PACE_MS` after it, and up to `LATEST_MS` after it while the log is busy: under
 * load a token that passes through in less is never written, while a single one is written at once.
 *
 * P1 Only acknowledged events are projected. P2 A comparison covers everything up to its moment; later changes wait for it.
 * P3 While the streams are out of reach they are stale, and the next comparison mends them; nothing else rests on them.
 * P4 An owner writes only while it knows that the log was its own a moment ago. So what a former owner had under way, also one that
 * was frozen for long, is there by the time of the comparison one lease after the takeover, and mended by that.
 */
import type { PlaceChange, PlaceStreams } from "../../contract/broker.ts";
import type { Clock } from "../../contract/clock.ts";
import { Cancelled } from "../../contract/errors.ts";
import type { NetEvent } from "../../contract/event.ts";
import type { Logger } from "../../contract/logger.ts";
import type { Token } from "../../contract/token.ts";
import type { NetState } from "../../net/state.ts";
import type { CommitLoop } from "./commit-loop.ts";
import { Change } from "./place-change.ts";

export interface ProjectionPorts {
  streams: PlaceStreams;
  state: NetState;
  loop: Pick<CommitLoop, "backlog" | "drained" | "isOver" | "isOursSince" | "confirmOurs">;
  clock: Clock;
  logger: Logger;
  /** An executor's lease, in ms: the time of P4. */
  leaseMs: number;
  /** Milliseconds between the beginnings of two changes, at least. */
  paceMs?: number;
}

const PACE_MS = 50;
/** While the log is busy a change waits until here: most tokens have left their places by then and need not be written at all. */
const LATEST_MS = 200;

/** Changes of one comparison that are sent without another look at the log. */
const CHANGES_AT_ONCE = 1000;

export class Projection {
  readonly #ports: ProjectionPorts;
  #noted = new Change();
  /** When the last change began. */
  #begunAt = Number.NEGATIVE_INFINITY;
  #working: Promise<void> | null = null;
  #comparing: Promise<unknown> = Promise.resolve();
  #held = false;
  /** So many wait for the streams: no change is put off. */
  #awaited = 0;
  #hurry = () => {};
  #stale = false;

  constructor(ports: ProjectionPorts) {
    this.#ports = ports;
  }

  get backlog(): number {
    return this.#noted.size;
  }
  get stale(): boolean {
    return this.#stale;
  }

  /** Takes note of an acknowledged event. */
  follow(event: NetEvent): void {
    // The next comparison finds it in the marking.
    if (this.#stale && !this.#held) return;
    const { produced, consumed } = event;
    if (produced) for (const { place, token } of produced) this.#noted.added(place, token);
    if (consumed && event.type !== "started" && event.type !== "gated")
      for (const { place, id } of consumed) this.#noted.removed(place, id);
    if (this.backlog > 0) this.#work();
  }

  /** Settles when everything noted so far is in the streams, or they are stale. */
  async settled(): Promise<void> {
    this.#awaited += 1;
    this.#hurry();
    while (this.#working) await this.#working;
    this.#awaited -= 1;
  }

  /** Brings every stream into line with the marking, one comparison after the other. The caller decides nothing meanwhile. */
  compare(places: readonly string[]): Promise<{ added: number; removed: number }> {
    const done = this.#comparing.then(() => this.#compare(places));
    this.#comparing = done.catch(() => {});
    return done;
  }

  async #compare(places: readonly string[]): Promise<{ added: number; removed: number }> {
    const { streams, state, loop } = this.#ports;
    this.#held = true;
    await this.settled();
    // P1: no moment may lie between the last answer of the log and this look at the marking.
    while (loop.backlog > 0) await loop.drained();
    if (loop.isOver) throw new Cancelled({ code: "term-over", message: "the marking of a term that is over says nothing" });
    const marking = new Map(
      places.map((place) => [place, new Map([...(state.places.get(place) ?? [])].map(([id, { token }]) => [id, token]))]),
    );
    this.#noted = new Change();
    try {
      const add: { place: string; token: Token }[] = [];
      const remove: { place: string; id: string }[] = [];
      for (const [place, tokens] of marking) {
        const there = await streams.ids(place);
        for (const [id, token] of tokens) if (!there.has(id)) add.push({ place, token });
        for (const id of there) if (!tokens.has(id)) remove.push({ place, id });
      }
      await this.#mend(add, remove);
      this.#stale = false;
      return { added: add.length, removed: remove.length };
    } catch (error) {
      this.#stale = true;
      throw error;
    } finally {
      this.#held = false;
      if (!this.#stale && this.backlog > 0) this.#work();
    }
  }

  async #mend(add: PlaceChange["add"], remove: PlaceChange["remove"]): Promise<void> {
    const step = CHANGES_AT_ONCE;
    for (let at = 0; at < add.length; at += step) await this.#write({ add: add.slice(at, at + step), remove: [] });
    for (let at = 0; at < remove.length; at += step) await this.#write({ add: [], remove: remove.slice(at, at + step) });
  }

  /** P4. A margin is left for what is on its way. */
  async #write(change: PlaceChange, options: { later?: boolean } = {}): Promise<void> {
    const { loop, streams, leaseMs } = this.#ports;
    if (!loop.isOursSince(leaseMs / 3)) await loop.confirmOurs(leaseMs / 3);
    await streams.update(change, options);
  }

  #work(): void {
    if (this.#working || this.#held || this.#stale) return;
    this.#working = this.#drain().finally(() => {
      this.#working = null;
      // What was noted while the last answer came in.
      if (this.backlog > 0 && !this.#ports.loop.isOver) this.#work();
    });
  }

  async #drain(): Promise<void> {
    // Let the rest of the entry be noted first.
    await Promise.resolve();
    let isLate = false;
    while (((this.backlog > 0 && !this.#held) || isLate) && !this.#ports.loop.isOver) {
      await this.#pace();
      if (this.#ports.loop.isOver) return;
      // What was put off is done when nothing new has come.
      const later = this.backlog > 0 && !this.#held;
      isLate = later;
      const change = this.#noted.told();
      this.#noted = new Change();
      try {
        await this.#write(change, { later });
      } catch (error) {
        this.#stale = true;
        if (this.#ports.loop.isOver) return;
        this.#ports.logger.warn({ err: error }, "place streams are out of reach; they will be compared when the broker is back");
        return;
      }
    }
  }

  async #pace(): Promise<void> {
    const { clock, loop, paceMs = PACE_MS } = this.#ports;
    const latest = Math.max(paceMs, LATEST_MS);
    for (let waited = clock.now() - this.#begunAt; waited < latest; waited = clock.now() - this.#begunAt) {
      // Whoever waits is not kept waiting, and neither is what came when the log had come to rest.
      const isSoon = this.#held || this.#awaited > 0 || loop.isOver || (waited >= paceMs && loop.backlog === 0);
      if (isSoon) break;
      await this.#waitFor(waited < paceMs ? paceMs - waited : Math.min(paceMs, latest - waited));
    }
    this.#begunAt = clock.now();
  }

  #waitFor(ms: number): Promise<void> {
    return new Promise<void>((resolve) => {
      const timer = this.#ports.clock.after(ms, resolve);
      this.#hurry = () => {
        timer.cancel();
        resolve();
      };
    }).finally(() => {
      this.#hurry = () => {};
    });
  }
}
