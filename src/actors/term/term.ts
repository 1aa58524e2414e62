/**
 * A term: the time in which this master owns a net. It decides, commits, acts, and answers.
 *
 * T1 The term begins with an epoch record appended by compare-and-swap: success proves that the whole log was read (E2).
 * T2 Effects and answers follow acknowledged events only. T3 When the term is over, everything that it started is called off
 * and it serves nobody any more; the next term finds all in the log. T4 Claimed work keeps its attempt over a recovery, a durable
 * loop with a workspace too; other effects that ran inside the dead master start again as the next attempt (E8). T5 Nothing is
 * started before the control record was read (E9).
 */
import type { CommandAnswer } from "../../contract/broker.ts";
import type { Timer } from "../../contract/clock.ts";
import type { ErrorData } from "../../contract/errors.ts";
import { Cancelled, errorData } from "../../contract/errors.ts";
import type { EventDraft, NetEvent } from "../../contract/event.ts";
import type { Serving } from "../../contract/serving.ts";
import { BUILT_IN_PLACES } from "../../net/built-in-places.ts";
import { type CompiledNet, type CompiledTransition, placeOf, placeTitle } from "../../net/compiled-net.ts";
import type { NetState, OpenFiring } from "../../net/state.ts";
import type { Persona } from "../../personas/persona-schema.ts";
import { badRequest, mustBeSound } from "../bad-request.ts";
import { couldHave } from "../crystal/could-have.ts";
import { Crystals } from "../crystal/crystals.ts";
import { Arrivals } from "./arrivals.ts";
import { Blocked } from "./blocked.ts";
import { BudgetDesk } from "./budget-desk.ts";
import { Checkpointer } from "./checkpointer.ts";
import { Claims, LOOK_MS } from "./claims.ts";
import { CommitLoop, type Waiter } from "./commit-loop.ts";
import { Definitions } from "./definitions.ts";
import { Dispatch } from "./dispatch.ts";
import type { WrittenEvent } from "./entry-bytes.ts";
import { firingMemory } from "./firing-memory.ts";
import { secretsOfCommand } from "./granted-secrets.ts";
import { HttpWork } from "./http-work.ts";
import { LetterPurge } from "./letter-purge.ts";
import { LinkReceiver } from "./link-receiver.ts";
import { LinkSender } from "./link-sender.ts";
import { MapWork } from "./map-work.ts";
import { Outcomes } from "./outcomes.ts";
import { PlaceWatch } from "./place-watch.ts";
import { Projection } from "./projection.ts";
import { Pump } from "./pump.ts";
import { Recordings } from "./recordings.ts";
import { recoverState } from "./recovery.ts";
import type { TermPorts } from "./term-ports.ts";
import { TokenFit } from "./token-size.ts";

/** A log that takes nothing must not keep a master from stopping. */
const CLOSE_MS = 5000;

export class Term {
  readonly state: NetState;
  readonly loop: CommitLoop;
  readonly dispatch: Dispatch;
  readonly claims: Claims;
  readonly #blocked: Blocked;
  readonly arrivals: Arrivals;
  readonly projection: Projection;
  readonly #placeWatch: PlaceWatch;
  readonly definitions: Definitions;
  readonly outcomes: Outcomes;
  readonly #http: HttpWork;
  readonly links: LinkSender;
  readonly recordings: Recordings;
  readonly budgets: BudgetDesk;
  readonly ports: TermPorts;
  readonly #pump: Pump;
  readonly #letters: LetterPurge;
  readonly #handover: LinkReceiver;
  #timers: Timer[] = [];
  #serving: Serving[] = [];
  readonly #checkpoints: Checkpointer;
  readonly crystals: Crystals;
  #stalled: ErrorData | null = null;
  /** Firing -> its attempt that is in the log: only that may have effects (E4). */
  readonly #logged = new Map<string, number>();

  private constructor(ports: TermPorts, state: NetState) {
    const { broker, clock, ids, logger, leaseMs } = ports;
    const netOf = (firing: OpenFiring) => this.netOf(firing);
    this.ports = ports;
    this.state = state;
    for (const { firing, attempt, gate, notBefore } of state.firings.values()) {
      if (!gate && notBefore === null) this.#logged.set(firing, attempt);
    }
    this.definitions = new Definitions(broker.netVersions, state.net);
    const loop = new CommitLoop({
      log: broker.log(state.net),
      state,
      clock,
      ids,
      committed: (event, written) => this.#committed(event, written),
      over: (reason) => this.#over(reason),
      secrets: ports.secretFilter,
      stalled: (error) => this.#stall(error),
      unwritable: (draft, error) =>
        logger.error({ err: error, firing: draft.firing }, "an event could not be written; nothing has changed"),
    });
    this.loop = loop;
    this.budgets = new BudgetDesk(state, clock);
    this.crystals = new Crystals(this, { clock, logger });
    this.recordings = new Recordings(broker.artifacts);
    this.#checkpoints = new Checkpointer({
      ...{ state, loop, broker, clock, logger },
      ...(ports.checkpointEvents === undefined ? {} : { leastEvents: ports.checkpointEvents }),
    });
    const isOver = () => loop.isOver;
    this.projection = new Projection({
      ...{ streams: broker.places(state.net), state, loop, clock, logger, leaseMs },
      ...(ports.placePaceMs === undefined ? {} : { paceMs: ports.placePaceMs }),
    });
    this.#placeWatch = new PlaceWatch({
      ...{ streams: broker.places(state.net), logger, isOver },
      isStale: () => this.projection.stale,
      // What is declared may end streams of another layout: no former owner may do that either (P4).
      compare: async () => {
        await loop.confirmOurs(leaseMs / 3);
        await this.declarePlaces();
        await this.comparePlaces();
      },
    });
    this.#http = new HttpWork({
      ...{ state, broker, clock, http: ports.http },
      timeoutOf: (firing) => this.dispatch.timeoutOf(firing),
      personaOf: (transition) => this.#personaOf(transition),
      settle: (firing, attempt, outcome, extra) => this.outcomes.settleSoon(firing, attempt, outcome, extra),
    });
    const maps = new MapWork({
      ...{ state, clock, isOver, expressions: ports.expressions },
      wake: (id) => this.#pump.wake(id),
      settle: (firing, attempt, outcome) => this.outcomes.settleSoon(firing, attempt, outcome),
    });
    this.outcomes = new Outcomes({
      ...{ state, broker, clock, logger, isOver, netOf, random: ports.random, personas: ports.personas, worked: ports.worked },
      isAgent: (transition) => this.net?.transitions.get(transition)?.definition.kind === "agent",
      ruleOf: (transition) => this.net?.transitions.get(transition)?.crystal ?? null,
      mayAnswer: (transition, claim) => couldHave(this.#personaOf(transition), transition, claim),
      cancel: (firing, attempt, reason) => this.cancel(firing, attempt, reason),
      commit: (draft) => this.commit(draft),
    });
    this.dispatch = new Dispatch({
      ...{ state, netOf, broker, clock, logger, isOver },
      ...{ personas: ports.personas, sign: ports.sign, gateway: ports.gateway, assign: ports.assign },
      request: (firing, transition) => this.#http.begin(firing, transition),
      workOut: (firing, transition) => maps.begin(firing, transition),
      isLogged: ({ firing, attempt }) => this.#logged.get(firing) === attempt,
      offered: (firing) => this.claims.offered(firing),
      holds: (firing) => this.#blocked.holds(firing),
      mustHaveSecrets: (firing) => void this.#secretsOf(firing),
      recorded: (firing, transition) => this.recordings.of(state, transition, firing),
      settle: (firing, attempt, outcome, extra) => this.outcomes.settleSoon(firing, attempt, outcome, extra),
    });
    this.#blocked = new Blocked({
      ...{ state, clock },
      needsOf: (firing) => this.dispatch.needsOf(firing),
      commit: (draft) => this.commit(draft),
      offer: (firing) => this.dispatch.offerAgain(firing),
    });
    this.claims = new Claims({
      ...{ state, loop, clock, leaseMs, standing: ports.standing, holdOff: ports.holdOff },
      needsOf: (firing) => this.dispatch.needsOf(firing),
      timeoutOf: (firing) => this.dispatch.timeoutOf(firing),
      poolOf: (firing) => this.dispatch.poolOf(firing),
      lapse: (firing, reason, how) => this.outcomes.lapse(firing, reason, how),
      claimed: (firing, executor) => this.dispatch.claimed(firing, executor),
      offer: (firing) => this.dispatch.offerAgain(firing),
      secretsOf: (firing) => this.#secretsOf(firing),
      memory: firingMemory(() => broker.keyValue("effects")),
    });
    const doors = { state, loop, clock, net: () => this.net, free: () => this.#pump.free(), stalled: () => this.#stalled };
    this.arrivals = new Arrivals({
      ...{ ...doors, ids, logger, door: broker.door, artifacts: broker.artifacts },
      commit: (draft, waiter) => this.#apply(draft, waiter),
    });
    this.links = new LinkSender({
      ...{ state, clock, logger, isOver, handover: broker.handover, random: ports.random },
      commit: (draft) => this.commit(draft),
    });
    this.#handover = new LinkReceiver({ ...doors, handover: broker.handover, commit: (draft) => this.commit(draft) });
    this.#letters = new LetterPurge({ state, loop, logger, door: broker.door });
    const fit = new TokenFit({ artifacts: broker.artifacts, clock, logger, isOver, again: (id) => this.#pump.wake(id) });
    this.#pump = new Pump({
      ...{ state, loop, clock, logger, netOf },
      net: () => this.net,
      stalled: () => this.#stalled !== null,
      fit: (draft) => fit.fit(draft),
      worked: (net, transition, now) => maps.decide(net, transition, now),
      room: () => this.arrivals.room(),
      mayAnswer: (transition, claim) => couldHave(this.#personaOf(transition), transition, claim),
      upTo: () => (ports.stepwise ? loop.acknowledged : Number.POSITIVE_INFINITY),
    });
  }

  /** Reads the log, opens the epoch, and starts serving. Throws Cancelled `term-over` when somebody else was faster. */
  static async open(ports: TermPorts): Promise<Term> {
    const state = await recoverState(ports.broker, ports.net, ports.logger);
    const term = new Term(ports, state);
    try {
      await term.#begin();
    } catch (error) {
      // What was opened so far must not go on answering beside the next try.
      await term.abandon();
      throw error;
    }
    return term;
  }

  /** The definition that runs now, or null before the first is applied. */
  get net(): CompiledNet | null {
    return this.state.definition === null ? null : this.definitions.get(this.state.definition);
  }
  get stalled(): ErrorData | null {
    return this.#stalled;
  }
  /** Whether nothing runs inside this master for the net: what runs on executors goes on under another owner (T4). */
  get calm(): boolean {
    const inside = (firing: OpenFiring) => this.netOf(firing)?.transitions.get(firing.transition)?.definition.kind !== "command";
    return ![...this.state.firings.values()].some((firing) => firing.gate === null && firing.notBefore === null && inside(firing));
  }
  netOf(firing: OpenFiring): CompiledNet | null {
    return this.definitions.get(firing.netVersion) ?? this.net;
  }

  /** Applies an event now; settles once it is in the log. */
  commit(draft: EventDraft): Promise<NetEvent> {
    const committed = this.loop.commit(draft);
    this.#pump.touch(draft);
    this.#pump.soon();
    return committed;
  }
  #apply(draft: EventDraft, waiter: Waiter): void {
    this.loop.apply(draft, waiter);
    this.#pump.touch(draft);
    this.#pump.soon();
  }

  #personaOf({ definition }: CompiledTransition): Persona | null {
    const { persona } = definition;
    return persona === undefined ? null : this.ports.personas.get(persona, this.state.personas[persona]);
  }
  /** What a command's environment gets. */
  #secretsOf(firing: OpenFiring): Record<string, string> {
    const transition = this.netOf(firing)?.transitions.get(firing.transition);
    return transition ? secretsOfCommand(this.ports.http?.secrets ?? null, transition, this.state.net, this.#personaOf(transition)) : {};
  }

  /** Gives up an attempt and begins the next. */
  lapse(firing: OpenFiring, reason: string): void {
    this.outcomes.lapse(firing, reason);
  }

  /** Whatever works on this attempt ends. */
  cancel(firing: string, attempt: number, reason: string): void {
    this.#http.cancel(firing, attempt);
    this.ports.cancel(firing, attempt, reason);
  }

  /** Looks at every transition again. */
  wakeAll(): void {
    this.#pump.wakeAll();
  }

  connection(up: boolean): void {
    this.claims.connection(up);
    if (up) this.comparePlacesSoon();
  }

  async comparePlaces(): Promise<{ added: number; removed: number }> {
    this.#pump.hold();
    try {
      return await this.projection.compare(this.placeNames());
    } finally {
      this.#pump.release();
    }
  }

  placeNames(): string[] {
    return [...new Set([...Object.keys(this.net?.definition.places ?? {}), ...BUILT_IN_PLACES, ...this.state.places.keys()])];
  }

  async declarePlaces(definition = this.net?.definition): Promise<void> {
    const declared = definition ? { definition } : null;
    const names = new Set([...this.placeNames(), ...Object.keys(definition?.places ?? {})]);
    await this.ports.broker.places(this.state.net).declare(
      [...names].map((place) => ({
        net: this.state.net,
        place,
        title: placeTitle(declared, place),
        capacity: (declared && placeOf(declared, place)?.capacity) ?? null,
        open: (declared && placeOf(declared, place)?.open) ?? false,
      })),
      definition?.layout ?? "own",
    );
  }

  /** A clean end: what is decided is committed, the streams follow, a checkpoint is left. */
  async close(): Promise<void> {
    this.#pump.hold();
    const inTime = new Promise<void>((resolve) => this.#timers.push(this.ports.clock.after(CLOSE_MS, resolve)));
    const orderly = (async () => {
      await this.#letGo();
      await this.loop.drained();
      await this.projection.settled();
      while (this.loop.backlog > 0) await this.loop.drained();
      if (!this.loop.isOver) await this.#checkpoints.last();
    })();
    await Promise.race([orderly, inTime]).catch((error: unknown) => this.ports.logger.warn({ err: error }, "a term did not end in order"));
    this.loop.stop("the master stopped");
    await orderly.catch(() => {});
  }

  /** Lets go at once, without a word to the broker. */
  async abandon(): Promise<void> {
    this.loop.stop("abandoned");
    await this.#letGo();
  }

  async #begin(): Promise<void> {
    const { broker, owner, net, personas, control } = this.ports;
    const epoch = this.state.epoch + 1;
    this.state.epoch = epoch;
    this.#pump.hold();
    await this.loop.commit({
      category: "control",
      type: "epoch",
      status: "info",
      summary: `Master ${owner} took over the net ${net}.`,
      attributes: { epoch, owner, ...(this.state.born === null ? { born: this.ports.ids.next() } : {}) },
    });
    const versions = new Set([...this.state.firings.values()].map(({ netVersion }) => netVersion).filter((version) => version !== ""));
    if (this.state.definition) versions.add(this.state.definition);
    for (const version of versions) await this.definitions.load(version);
    await Promise.all(Object.entries(this.state.personas).map(([name, hash]) => personas.load(name, hash)));
    await this.recordings.load(this.state);
    await this.declarePlaces();
    await this.projection.compare(this.placeNames());
    this.#mustGoOn();
    this.ports.opened(this);
    this.ports.definitionChanged(this);
    await broker.work.drainResults(net, (result) => this.outcomes.takeResult(result));
    // T5. After a resume everything has just begun again.
    if (!(await control(this))) this.#recoverFirings();
    await this.#serve(broker.work.serveClaims(net, (firing, attempt, request) => this.claims.answer(firing, attempt, request)));
    await this.#serve(broker.work.takeResults(net, (result) => this.outcomes.takeResult(result)));
    await this.#serve(broker.work.onExecutor((presence) => this.#present(presence)));
    await this.#serve(this.ports.serve((verb, body) => this.#answer(verb, body)));
    await this.arrivals.open();
    await this.#serve(this.#handover.open());
    this.#mustGoOn();
    this.#lookAfter();
    // What the owner before had still under way may reach the streams until now (E5).
    this.#timers.push(this.ports.clock.after(this.ports.leaseMs, () => this.comparePlacesSoon()));
    this.wakeAll();
    this.#pump.release();
    this.links.recovered();
    this.crystals.look();
  }

  #present(presence: Parameters<Claims["presence"]>[0]): void {
    this.claims.presence(presence);
    this.#blocked.presence(presence);
  }

  async #serve(opening: Promise<Serving>): Promise<void> {
    this.#serving.push(await opening);
    this.#mustGoOn();
  }

  #mustGoOn(): void {
    if (this.loop.isOver) throw termOver("it ended while it began");
  }

  async #answer(verb: string, body: unknown): Promise<CommandAnswer> {
    const handle = this.ports.verbs[verb];
    if (!handle) {
      const known = Object.keys(this.ports.verbs).join(", ");
      return { ok: false, error: { outlook: "terminal", code: "unknown-verb", message: `no verb ${verb}`, hint: `verbs: ${known}` } };
    }
    try {
      mustBeSound(body);
      return { ok: true, value: await handle(this, body) };
    } catch (error) {
      return { ok: false, error: errorData(badRequest(error)) };
    }
  }

  /** T4. */
  #recoverFirings(): void {
    for (const firing of [...this.state.firings.values()]) {
      // What waits for its time waits on; the pump starts it.
      if (firing.gate || firing.notBefore !== null || this.state.killed) continue;
      const kind = this.netOf(firing)?.transitions.get(firing.transition)?.definition.kind;
      // The workspace of a durable loop outlives the master, and so does its attempt.
      const goesOn = kind === "command" || (firing.claim !== null && this.dispatch.isDurable(firing));
      if (goesOn) this.dispatch.run(firing);
      else this.lapse(firing, "the master started anew");
    }
  }

  #committed(event: NetEvent, written: WrittenEvent): void {
    this.projection.follow(event);
    this.ports.broker.live.publish(event, written);
    this.ports.committed(event);
    if (event.firing !== undefined) this.#follow(event, event.firing);
    if (event.type === "resumed") this.#resume(event);
    this.links.follow(event);
    if (event.model) this.budgets.follow(event);
    if (event.attributes?.letter !== undefined) this.#letters.soon();
    // Steps that wait for the log may go on.
    if (this.ports.stepwise) this.#pump.touch(event);
    this.#pump.progressed();
    this.#checkpoints.committed(event);
    this.crystals.follow(event);
  }

  /** What an acknowledged event of a firing asks for. */
  #follow(event: NetEvent, id: string): void {
    const firing = this.state.firings.get(id);
    for (const over of this.outcomes.callOff(event)) this.dispatch.over(over);
    if (!firing) {
      this.#logged.delete(id);
      // What was decided in one event never had anybody at work.
      if (this.dispatch.over(id)) this.cancel(id, event.attempt ?? 0, "the firing is over");
      this.#leaveRetired(event.transition);
      return;
    }
    if (event.type === "started") {
      this.#logged.set(id, event.attempt ?? 1);
      this.dispatch.run(firing);
    }
    if (event.type === "failed") this.cancel(id, event.attempt ?? 0, "the attempt failed");
    else if (event.type !== "lapsed") return;
    this.#pump.wakeLater();
  }

  /** The last work of a position that was retired is done: its actor goes. */
  #leaveRetired(id: string | undefined): void {
    const definition = this.net?.transitions.get(id ?? "")?.definition;
    if (definition && "instances" in definition && definition.instances === 0) this.ports.definitionChanged(this);
  }

  #resume(event: NetEvent): void {
    for (const firing of [...this.state.firings.values()]) {
      // After a kill all of it has been given up, and begins when that is in the log.
      if (firing.gate || event.attributes?.wasKilled === true) continue;
      if (this.dispatch.hasBegun(firing)) this.dispatch.offerAgain(firing);
      else this.dispatch.run(firing);
    }
    this.wakeAll();
  }

  /** Offers and leases, each second; streams that were out of reach, a few times in a lease. */
  #lookAfter(looks = 1): void {
    const each = this.ports.leaseMs / 4;
    const timer = this.ports.clock.after(Math.max(100, Math.min(each, LOOK_MS)), () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
      if (this.loop.isOver) return;
      this.claims.check();
      if (looks * LOOK_MS >= each) void this.#placeWatch.look();
      this.#blocked.check();
      this.#lookAfter(looks * LOOK_MS >= each ? 1 : looks + 1);
    });
    this.#timers.push(timer);
  }

  /** Declares and compares the place streams beside the work. */
  comparePlacesSoon(): void {
    this.#placeWatch.soon();
  }

  #stall(error: ErrorData | null): void {
    this.#stalled = error;
    if (error) {
      this.ports.logger.error({ error }, "the log takes no entries: the net waits");
      this.arrivals.stall(error);
    } else this.#pump.soon();
    this.ports.stalled(error);
  }

  /** T3. */
  #over(reason: string): void {
    this.#pump.stop();
    this.#http.stop();
    this.crystals.stop();
    this.links.stop();
    for (const timer of this.#timers.splice(0)) timer.cancel();
    void this.#letGo();
    this.ports.over(reason);
  }

  async #letGo(): Promise<void> {
    const serving = this.#serving.splice(0);
    await Promise.all([this.arrivals.close().catch(() => {}), ...serving.map((each) => each.stop().catch(() => {}))]);
  }
}

export function termOver(reason: string): Cancelled {
  return new Cancelled({ code: "term-over", message: reason });
}
