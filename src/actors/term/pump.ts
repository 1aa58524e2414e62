/**
 * Deciding: which transitions are looked at, when, and how far ahead of the log.
 *
 * U1 Nothing is decided while the pump is held, the log is stalled, or too many events wait for it. U2 A transition that
 * cannot be decided is left alone and named in the log of the process; the others go on.
 */
import type { Clock, Timer } from "../../contract/clock.ts";
import type { EventDraft } from "../../contract/event.ts";
import type { Logger } from "../../contract/logger.ts";
import type { CompiledNet, CompiledTransition } from "../../net/compiled-net.ts";
import { againDraft, type MayAnswer } from "../../net/decide.ts";
import { dueRetries, incompleteDraft, nextDue } from "../../net/due.ts";
import { dueGates, expiryDraft } from "../../net/gates.ts";
import { lateDraft, lateInstances, nextStep } from "../../net/instance-steps.ts";
import type { NetState, OpenFiring } from "../../net/state.ts";
import { deadlineDrafts } from "../../net/timing.ts";
import { nextTurn } from "../../net/turns.ts";
import type { CommitLoop } from "./commit-loop.ts";

/** Decisions in one go before the broker's answers get a turn. */
const PUMP_BURST = 500;
/** Milliseconds after which others get a turn: another net must not wait 50 ms for this one. */
const PUMP_MS = 4;
/** Decisions between two looks at the clock. */
const LOOK_AT_CLOCK = 32;
/** What time brings about is looked for so often under load, and for at most one part in so many of the time. */
const WAKE_EVERY_MS = 10;
const WAKE_SHARE = 20;
/** Decisions stop while this many events wait for the log. */
const BACKLOG_LIMIT = 400;
/** Timers hold at most about 12 days. */
const LONGEST_TIMER = 2 ** 30;

export interface PumpPorts {
  state: NetState;
  loop: CommitLoop;
  clock: Clock;
  logger: Logger;
  net(): CompiledNet | null;
  netOf(firing: OpenFiring): CompiledNet | null;
  stalled(): boolean;
  /** The same event with tokens that fit into an entry, or null: `wake` is called for its transition when they lie in the store. */
  fit(draft: EventDraft): EventDraft | null;
  /** The event of a `map` whose result is worked out elsewhere, once it is there. */
  worked(net: CompiledNet, transition: CompiledTransition, now: number): EventDraft | null;
  /** Held letters may have room now. */
  room(): void;
  /** Tokens of events after this `seq` are not taken yet. */
  upTo(): number;
  /** Whether the transition's persona could have answered so. */
  mayAnswer: MayAnswer;
}

export class Pump {
  readonly #ports: PumpPorts;
  readonly #dirty = new Set<string>();
  #soon = false;
  #held = 0;
  #released: (() => void)[] = [];
  #wake: Timer | null = null;
  /** When transitions that time alone can enable were last tried. */
  #timedAt = 0;
  #wakeSoon: Timer | null = null;
  #wakeNotBefore = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(ports: PumpPorts) {
    this.#ports = ports;
  }

  hold(): void {
    this.#held += 1;
  }
  release(): void {
    this.#held -= 1;
    if (this.#held > 0) return;
    for (const call of this.#released.splice(0)) call();
    this.soon();
  }
  /** Settles when nothing holds the pump, or it has stopped; null when that is so now. */
  free(): Promise<void> | null {
    if (this.#held === 0 || this.#stopped) return null;
    return new Promise((resolve) => this.#released.push(resolve));
  }
  stop(): void {
    this.#stopped = true;
    this.#wake?.cancel();
    this.#wakeSoon?.cancel();
    for (const call of this.#released.splice(0)) call();
  }

  wakeAll(): void {
    for (const id of this.#ports.net()?.transitions.keys() ?? []) this.#dirty.add(id);
    this.soon();
  }
  wake(transition: string): void {
    this.#dirty.add(transition);
    this.soon();
  }

  /** Notes which transitions an event may have enabled. */
  touch(event: EventDraft): void {
    const net = this.#ports.net();
    if (!net) return;
    for (const { place } of event.produced ?? []) this.#wakeAt(net, place);
    for (const { place } of event.consumed ?? []) this.#wakeAt(net, place);
    for (const { place } of event.read ?? []) this.#wakeAt(net, place);
    if (event.transition) {
      this.#dirty.add(event.transition);
      // Room that an open firing had kept in places that it did not fill after all.
      for (const place of net.bounded.get(event.transition) ?? []) this.#wakeAt(net, place);
    }
    if (event.type === "edited" || event.type === "resumed") for (const id of net.transitions.keys()) this.#dirty.add(id);
  }
  #wakeAt(net: CompiledNet, place: string): void {
    for (const id of net.wakes.get(place) ?? []) this.#dirty.add(id);
  }

  soon(): void {
    if (this.#soon) return;
    this.#soon = true;
    queueMicrotask(() => {
      this.#soon = false;
      this.#pump();
    });
  }

  /** The log has taken something: what waited for that may be decided now. */
  progressed(): void {
    if (this.#dirty.size > 0) this.soon();
  }

  #pump(): void {
    const { loop, stalled, clock, room, state } = this.#ports;
    const net = this.#ports.net();
    if (!net || this.#held > 0 || loop.isOver || stalled() || loop.backlog > BACKLOG_LIMIT) return;
    const now = clock.now();
    let burst = 0;
    for (let id = nextTurn(this.#dirty, net, state); id !== undefined; id = nextTurn(this.#dirty, net, state)) {
      this.#dirty.delete(id);
      const draft = this.#decide(net, id, now);
      if (!draft) continue;
      if (!loop.apply(draft)) continue; // U2
      // It may be enabled again; others of its priority get their turn first.
      this.#dirty.add(id);
      this.touch(draft);
      burst += 1;
      if (burst >= PUMP_BURST || loop.backlog > BACKLOG_LIMIT) break;
      if (burst % LOOK_AT_CLOCK === 0 && clock.now() - now > PUMP_MS) break;
    }
    room();
    this.#wakeSometime();
    if (this.#dirty.size > 0) clock.after(0, () => this.soon());
  }

  /** U2. */
  #decide(net: CompiledNet, id: string, now: number): EventDraft | null {
    const { state, logger } = this.#ports;
    const transition = net.transitions.get(id);
    if (!transition) return null;
    try {
      const isWorked = transition.jsonata !== null && !transition.definition.gate;
      const draft = isWorked ? this.#ports.worked(net, transition, now) : this.#step(net, transition, now);
      return draft ? this.#ports.fit(draft) : null;
    } catch (error) {
      logger.error({ err: error, net: state.net, transition: id }, "a transition could not be decided");
      return null;
    }
  }

  #step(net: CompiledNet, transition: CompiledTransition, now: number): EventDraft | null {
    const { state, netOf, upTo, mayAnswer } = this.#ports;
    return nextStep(state, net, transition, now, netOf, upTo(), mayAnswer);
  }

  /** As `wakeLater`, but under load no oftener than its own cost allows: it looks at all that waits for time. */
  #wakeSometime(): void {
    const { clock } = this.#ports;
    if (this.#wakeSoon) return;
    const wait = this.#wakeNotBefore - clock.now();
    if (wait <= 0) this.wakeLater();
    else {
      this.#wakeSoon = clock.after(wait, () => {
        this.#wakeSoon = null;
        this.wakeLater();
      });
    }
  }

  /** Sets one timer for whatever time will bring about next. */
  wakeLater(): void {
    const { state, loop, clock } = this.#ports;
    this.#wake?.cancel();
    this.#wake = null;
    const net = this.#ports.net();
    if (!net || loop.isOver || this.#stopped || state.killed) return;
    const now = clock.now();
    const next = nextDue(state, net, now, this.#timedAt);
    const after = clock.now();
    this.#wakeNotBefore = after + Math.max(WAKE_EVERY_MS, (after - now) * WAKE_SHARE);
    if (next !== null) this.#wake = clock.after(Math.max(0, Math.min(next - now, LONGEST_TIMER)), () => this.#onTime());
  }

  #onTime(): void {
    const { state, loop, clock, netOf } = this.#ports;
    const net = this.#ports.net();
    // Whoever holds the pump lets it go again, and then the timer is set anew.
    if (!net || loop.isOver || state.killed || this.#held > 0) return;
    const now = clock.now();
    for (const firing of dueGates(state, now)) {
      const transition = netOf(firing)?.transitions.get(firing.transition);
      if (transition) this.#commit(expiryDraft(state, transition, firing, now));
    }
    for (let draft = incompleteDraft(state, net, now); draft; draft = incompleteDraft(state, net, now)) this.#commit(draft);
    for (const draft of deadlineDrafts(state, net, now, PUMP_BURST)) this.#commit(draft);
    for (const firing of lateInstances(state, now)) {
      const under = netOf(firing) ?? net;
      const transition = under.transitions.get(firing.transition);
      if (transition && state.firings.has(firing.firing)) this.#commit(lateDraft(state, under, transition, firing, now));
    }
    for (const firing of dueRetries(state, now)) {
      const transition = netOf(firing)?.transitions.get(firing.transition);
      if (transition) this.#commit(againDraft(transition, firing, now));
    }
    this.#timedAt = now;
    for (const { id } of net.timed) this.wake(id);
    this.wakeLater();
  }

  #commit(draft: EventDraft): void {
    this.#ports.loop.apply(draft);
    this.touch(draft);
    this.soon();
  }
}
