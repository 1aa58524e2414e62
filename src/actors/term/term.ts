/**
 * A term: the time in which this master owns a net. It decides, commits, acts, and answers.
 *
 * T1 The term begins with an epoch record appended by compare-and-swap: success proves that the whole log was read (E2).
 * T2 Effects and answers follow acknowledged events only. T3 When the term is over, everything that it started is called off;
 * the next term finds it in the log. T4 Claimed work keeps its attempt over a recovery; effects that ran inside the dead
 * master start again as the next attempt (E8).
 */
import type { CommandAnswer, Serving } from "../../contract/broker.ts";
import type { Timer } from "../../contract/clock.ts";
import type { WorkResult } from "../../contract/envelope.ts";
import type { ErrorData } from "../../contract/errors.ts";
import { Cancelled, errorData } from "../../contract/errors.ts";
import type { EventDraft, NetEvent } from "../../contract/event.ts";
import { BUILT_IN_PLACES, type CompiledNet } from "../../net/compiled-net.ts";
import { decideTransition, type Outcome } from "../../net/decide.ts";
import { dueRetries, incompleteDrafts, nextDue } from "../../net/due.ts";
import { dueGates, expiryDraft } from "../../net/gates.ts";
import { lapseDraft, RECOVERY_LIMIT, settleDraft } from "../../net/settle.ts";
import type { NetState, OpenFiring } from "../../net/state.ts";
import { firstLine } from "../../net/summary.ts";
import { badRequest } from "../bad-request.ts";
import { Arrivals } from "./arrivals.ts";
import { storeBundles } from "./bundles.ts";
import { saveCheckpoint } from "./checkpoint.ts";
import { Claims } from "./claims.ts";
import { CommitLoop } from "./commit-loop.ts";
import { Definitions } from "./definitions.ts";
import { Dispatch } from "./dispatch.ts";
import { Projection } from "./projection.ts";
import { recoverState } from "./recovery.ts";
import type { TermPorts } from "./term-ports.ts";
import { fitTokens } from "./token-size.ts";

/** Errors of the set-up, not of the work. */
const SET_UP_ERRORS = new Set(["model-key-refused", "model-unknown", "no-model", "no-recording", "models-budget-exhausted"]);
/** Decisions in one go before the broker's answers get a turn. */
const PUMP_BURST = 500;
/** Decisions stop while this many events wait for the log. */
const BACKLOG_LIMIT = 5000;
const CHECKPOINT_EVERY = 2000;

export class Term {
  readonly state: NetState;
  readonly loop: CommitLoop;
  readonly dispatch: Dispatch;
  readonly claims: Claims;
  readonly arrivals: Arrivals;
  readonly projection: Projection;
  readonly definitions: Definitions;
  readonly ports: TermPorts;
  #dirty = new Set<string>();
  #pumping = false;
  #holding = 0;
  #wake: Timer | null = null;
  #check: Timer | null = null;
  #serving: Serving[] = [];
  #checkpointAt: number;
  #stalled: ErrorData | null = null;

  private constructor(ports: TermPorts, state: NetState) {
    const { broker, clock, ids, logger, leaseMs } = ports;
    this.ports = ports;
    this.state = state;
    this.#checkpointAt = state.seq;
    this.definitions = new Definitions(broker.netVersions, state.net);
    this.loop = new CommitLoop({
      log: broker.log(state.net),
      state,
      clock,
      ids,
      committed: (event) => this.#committed(event),
      over: (reason) => this.#over(reason),
      stalled: (error) => this.#stall(error),
    });
    this.projection = new Projection({ streams: broker.places(state.net), state, logger });
    this.dispatch = new Dispatch({
      state,
      netOf: (firing) => this.netOf(firing),
      personas: ports.personas,
      broker,
      clock,
      sign: ports.sign,
      assign: ports.assign,
      offered: (firing) => this.claims.offered(firing),
      settle: (firing, attempt, outcome) => void this.settle(firing, attempt, outcome),
    });
    this.claims = new Claims({
      state,
      loop: this.loop,
      clock,
      leaseMs,
      timeoutOf: (firing) => this.dispatch.timeoutOf(firing),
      poolOf: (firing) => this.dispatch.poolOf(firing),
      lapse: (firing, reason) => this.lapse(firing, reason),
      claimed: (firing, executor) => this.dispatch.claimed(firing, executor),
    });
    this.arrivals = new Arrivals({
      net: () => this.net,
      state,
      loop: this.loop,
      door: broker.door,
      artifacts: broker.artifacts,
      clock,
      ids,
      logger,
      pump: () => this.wakeAll(),
    });
  }

  /** Reads the log, opens the epoch, and starts serving. Throws Cancelled `term-over` when somebody else was faster. */
  static async open(ports: TermPorts): Promise<Term> {
    const state = await recoverState(ports.broker, ports.net, ports.logger);
    const term = new Term(ports, state);
    await term.#begin();
    return term;
  }

  /** The definition that runs now, or null before the first is applied. */
  get net(): CompiledNet | null {
    return this.state.definition === null ? null : this.definitions.get(this.state.definition);
  }
  get stalled(): ErrorData | null {
    return this.#stalled;
  }
  netOf(firing: OpenFiring): CompiledNet | null {
    return this.definitions.get(firing.netVersion) ?? this.net;
  }

  /** Applies an event now; settles once it is in the log. */
  commit(draft: EventDraft): Promise<NetEvent> {
    const committed = this.loop.commit(draft);
    this.#touch(draft);
    this.#pumpSoon();
    return committed;
  }

  /** Ends an attempt with its outcome. Settles once that is in the log; a late one changes nothing and says so. */
  async settle(id: string, attempt: number, outcome: Outcome, extra: Partial<EventDraft> = {}): Promise<boolean> {
    const firing = this.state.firings.get(id);
    const net = firing && this.netOf(firing);
    const transition = net?.transitions.get(firing?.transition ?? "");
    if (!firing || !net || !transition || firing.attempt !== attempt || this.state.killed) return false;
    if (!outcome.ok && SET_UP_ERRORS.has(outcome.error.code)) return this.#pauseFor(firing, outcome.error);
    const draft = settleDraft(this.state, net, transition, firing, outcome, this.ports.clock.now(), this.ports.random());
    const fitting = await fitTokens({ ...draft, ...extra }, this.ports.broker.artifacts);
    // The artefact store was waited for: the attempt may be over by now.
    if (this.state.firings.get(id)?.attempt !== attempt) return false;
    await this.commit(fitting);
    return true;
  }

  /** What only a person can mend stops the net instead of failing its work: nothing is lost, and `resume` goes on. */
  async #pauseFor(firing: OpenFiring, error: ErrorData): Promise<boolean> {
    if (!this.state.paused) {
      await this.commit({
        category: "control",
        type: "paused",
        status: "error",
        summary: `The net ${this.state.net} is paused: ${firstLine(error.message)}`,
        attributes: { by: "petrel", reason: error.message, code: error.code, hint: error.hint ?? "", transition: firing.transition },
      });
    }
    const open = this.state.firings.get(firing.firing);
    if (open?.attempt === firing.attempt) this.lapse(open, "the net was paused");
    return true;
  }

  /** Gives up an attempt and begins the next, free of charge up to the recovery limit. */
  lapse(firing: OpenFiring, reason: string): void {
    const transition = this.netOf(firing)?.transitions.get(firing.transition);
    if (!transition) return;
    const executor = firing.claim?.executor ?? null;
    const about = { net: this.state.net, firing: firing.firing, attempt: firing.attempt };
    this.ports.cancel(firing.firing, firing.attempt, reason);
    if (executor) void this.ports.broker.work.cancel(executor, about).catch(() => {});
    if (firing.recoveries >= RECOVERY_LIMIT) {
      const error: ErrorData = {
        outlook: "terminal",
        code: "too-many-recoveries",
        message: `${firing.recoveries} attempts were lost: ${reason}`,
      };
      void this.settle(firing.firing, firing.attempt, { ok: false, error });
      return;
    }
    void this.commit(lapseDraft(transition, firing, reason, executor));
  }

  /** A result from an executor (E8): counts only from the one in `claimed`, for the open attempt. Settles when it is dealt with. */
  async takeResult(result: WorkResult): Promise<void> {
    const firing = this.state.firings.get(result.firing);
    const open = firing && firing.attempt === result.attempt && firing.claim?.executor === result.executor;
    const kind = firing && this.netOf(firing)?.transitions.get(firing.transition)?.definition.kind;
    if (open && kind === "agent" && result.outcome.ok) return;
    if (open && !this.state.killed) {
      const { outcome } = result;
      const stored: Outcome = outcome.ok ? { ok: true, value: await storeBundles(outcome.value, this.ports.broker.artifacts) } : outcome;
      await this.settle(result.firing, result.attempt, stored);
      return;
    }
    if (!firing || kind === "agent") return;
    await this.commit({
      category: "executor",
      type: "ignored",
      status: "info",
      transition: firing.transition,
      firing: firing.firing,
      attempt: result.attempt,
      correlation: firing.correlation,
      summary: `A late result of ${result.executor} for ${firing.transition} was ignored.`,
      attributes: { executor: result.executor, reason: this.state.killed ? "killed" : `attempt ${firing.attempt} is open` },
    });
  }

  /** Looks at every transition again. */
  wakeAll(): void {
    for (const id of this.net?.transitions.keys() ?? []) this.#dirty.add(id);
    this.#pumpSoon();
  }

  /** Runs `work` while nothing is decided and nothing is pending. */
  async quietly<T>(work: () => Promise<T>): Promise<T> {
    this.#holding += 1;
    try {
      await this.loop.drained();
      return await work();
    } finally {
      this.#holding -= 1;
      this.#pumpSoon();
    }
  }

  connection(up: boolean): void {
    this.claims.connection(up);
    if (up)
      void this.comparePlaces().catch((error: unknown) => this.ports.logger.warn({ err: error }, "place streams could not be compared"));
  }

  comparePlaces(): Promise<{ added: number; removed: number }> {
    return this.quietly(() => this.projection.compare(this.placeNames()));
  }

  placeNames(): string[] {
    return [...new Set([...Object.keys(this.net?.definition.places ?? {}), ...BUILT_IN_PLACES, ...this.state.places.keys()])];
  }

  async declarePlaces(definition = this.net?.definition): Promise<void> {
    const places = definition?.places ?? {};
    const names = new Set([...this.placeNames(), ...Object.keys(places)]);
    await this.ports.broker.places(this.state.net).declare(
      [...names].map((place) => ({
        net: this.state.net,
        place,
        title: places[place]?.title ?? place,
        capacity: places[place]?.capacity ?? null,
        open: places[place]?.open ?? false,
      })),
    );
  }

  /** A clean end: what is decided is committed, the streams follow, a checkpoint is left. */
  async close(): Promise<void> {
    this.#holding += 1;
    for (const serving of this.#serving.splice(0)) await serving.stop();
    await this.arrivals.close();
    await this.loop.drained();
    await this.projection.settled();
    if (!this.loop.isOver) await this.#checkpoint();
    this.#stopTimers();
    this.loop.stop("the master stopped");
  }

  /** Lets go at once, without a word to the broker. */
  async abandon(): Promise<void> {
    this.#stopTimers();
    this.loop.stop("abandoned");
    for (const serving of this.#serving.splice(0)) await serving.stop().catch(() => {});
    await this.arrivals.close().catch(() => {});
  }

  async #begin(): Promise<void> {
    const { broker, owner, net } = this.ports;
    const epoch = this.state.epoch + 1;
    this.state.epoch = epoch;
    this.#holding += 1;
    await this.loop.commit({
      category: "control",
      type: "epoch",
      status: "info",
      summary: `Master ${owner} took over the net ${net}.`,
      attributes: { epoch, owner },
    });
    const versions = new Set([...this.state.firings.values()].map(({ netVersion }) => netVersion).filter((version) => version !== ""));
    if (this.state.definition) versions.add(this.state.definition);
    for (const version of versions) await this.definitions.load(version);
    for (const [name, hash] of Object.entries(this.state.personas)) await this.ports.personas.load(name, hash);
    await this.declarePlaces();
    await this.projection.compare(this.placeNames());
    this.ports.opened(this);
    this.ports.definitionChanged(this);
    await broker.work.drainResults(net, (result) => this.takeResult(result));
    this.#recoverFirings();
    this.#serving.push(await broker.work.serveClaims(net, (firing, attempt, request) => this.claims.answer(firing, attempt, request)));
    this.#serving.push(await broker.work.takeResults(net, (result) => this.takeResult(result)));
    this.#serving.push(await broker.work.onExecutor((presence) => this.claims.presence(presence)));
    this.#serving.push(await this.ports.serve((verb, body) => this.#answer(verb, body)));
    await this.arrivals.open();
    this.#holding -= 1;
    this.#checkLater();
    this.wakeAll();
  }

  async #answer(verb: string, body: unknown): Promise<CommandAnswer> {
    const handle = this.ports.verbs[verb];
    if (!handle) {
      const known = Object.keys(this.ports.verbs).join(", ");
      return { ok: false, error: { outlook: "terminal", code: "unknown-verb", message: `no verb ${verb}`, hint: `verbs: ${known}` } };
    }
    try {
      return { ok: true, value: await handle(this, body) };
    } catch (error) {
      return { ok: false, error: errorData(badRequest(error)) };
    }
  }

  /** T4. */
  #recoverFirings(): void {
    for (const firing of [...this.state.firings.values()]) {
      if (firing.gate || this.state.killed) continue;
      const kind = this.netOf(firing)?.transitions.get(firing.transition)?.definition.kind;
      if (kind === "command") {
        if (!firing.claim) this.dispatch.run(firing);
      } else if (firing.notBefore === null || firing.notBefore <= this.ports.clock.now()) this.lapse(firing, "the master started anew");
    }
  }

  #committed(event: NetEvent): void {
    this.projection.follow(event);
    this.ports.broker.live.publish(event);
    this.ports.committed(event);
    if (event.firing !== undefined) this.#follow(event, event.firing);
    if (event.type === "resumed") this.#resume(event);
    if (this.state.seq - this.#checkpointAt >= CHECKPOINT_EVERY) {
      this.#checkpointAt = this.state.seq;
      void this.quietly(() => this.#checkpoint()).catch((error: unknown) =>
        this.ports.logger.warn({ err: error }, "no checkpoint was written"),
      );
    }
  }

  /** What an acknowledged event of a firing asks for. */
  #follow(event: NetEvent, id: string): void {
    const firing = this.state.firings.get(id);
    if (!firing) {
      this.dispatch.over(id);
      this.ports.cancel(id, event.attempt ?? 0, "the firing is over");
      return;
    }
    if ((event.type === "started" || event.type === "lapsed") && firing.attempt === event.attempt) this.dispatch.run(firing);
    if (event.type === "failed") this.#wakeLater();
  }

  #resume(event: NetEvent): void {
    const wasKilled = event.attributes?.wasKilled === true;
    for (const firing of [...this.state.firings.values()]) {
      if (firing.gate) continue;
      if (wasKilled) this.lapse(firing, "work was resumed");
      else if (this.dispatch.hasBegun(firing)) this.dispatch.offerAgain(firing);
      else this.dispatch.run(firing);
    }
    this.wakeAll();
  }

  #touch(event: EventDraft): void {
    const net = this.net;
    if (!net) return;
    if (event.transition) this.#dirty.add(event.transition);
    const places = [...(event.produced ?? []), ...(event.consumed ?? []), ...(event.read ?? [])].map(({ place }) => place);
    for (const place of new Set(places)) {
      for (const id of net.takers.get(place) ?? []) this.#dirty.add(id);
      for (const id of net.fillers.get(place) ?? []) this.#dirty.add(id);
    }
    if (event.type === "edited" || event.type === "resumed") for (const id of net.transitions.keys()) this.#dirty.add(id);
  }

  #pumpSoon(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    const net = this.net;
    if (!net || this.#holding > 0 || this.loop.isOver || this.#stalled) return;
    const now = this.ports.clock.now();
    let burst = 0;
    for (const id of this.#dirty) {
      this.#dirty.delete(id);
      const transition = net.transitions.get(id);
      const draft = transition && decideTransition(this.state, net, transition, now);
      if (!draft) continue;
      // It may be enabled again; the others get their turn first.
      this.#dirty.add(id);
      void this.loop.commit(draft);
      this.#touch(draft);
      burst += 1;
      if (burst >= PUMP_BURST || this.loop.backlog > BACKLOG_LIMIT) break;
    }
    this.arrivals.room();
    this.#wakeLater();
    if (this.#dirty.size > 0 && burst > 0) this.ports.clock.after(0, () => this.#pumpSoon());
  }

  /** Sets one timer for whatever time will bring about next. */
  #wakeLater(): void {
    this.#wake?.cancel();
    this.#wake = null;
    const net = this.net;
    if (!net || this.loop.isOver) return;
    const now = this.ports.clock.now();
    const next = nextDue(this.state, net, now);
    if (next !== null) this.#wake = this.ports.clock.after(Math.max(0, Math.min(next - now, 2 ** 30)), () => this.#onTime());
  }

  #onTime(): void {
    const net = this.net;
    if (!net || this.loop.isOver || this.state.killed) return;
    const now = this.ports.clock.now();
    for (const firing of dueGates(this.state, now)) {
      const transition = this.netOf(firing)?.transitions.get(firing.transition);
      if (transition) void this.commit(expiryDraft(this.state, transition, firing, now));
    }
    for (const draft of incompleteDrafts(this.state, net, now)) void this.commit(draft);
    for (const firing of dueRetries(this.state, now)) {
      firing.notBefore = null;
      this.dispatch.run(firing);
    }
    this.#wakeLater();
  }

  #checkLater(): void {
    this.#check = this.ports.clock.after(Math.max(100, this.ports.leaseMs / 4), () => {
      this.claims.check();
      if (!this.loop.isOver) this.#checkLater();
    });
  }

  #stopTimers(): void {
    this.#wake?.cancel();
    this.#check?.cancel();
  }

  async #checkpoint(): Promise<void> {
    await saveCheckpoint(this.ports.broker.checkpoints, this.state);
    const { letter } = this.state;
    if (letter && letter.seq > 0) await this.ports.broker.door.purgeLetters(this.state.net, letter.seq);
  }

  #stall(error: ErrorData | null): void {
    this.#stalled = error;
    if (error) this.ports.logger.error({ error }, "the log takes no entries: the net waits");
    else this.#pumpSoon();
    this.ports.stalled(error);
  }

  #over(reason: string): void {
    this.#stopTimers();
    this.ports.over(reason);
  }
}

export function termOver(reason: string): Cancelled {
  return new Cancelled({ code: "term-over", message: reason });
}
