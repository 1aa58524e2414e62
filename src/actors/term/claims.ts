/**
 * Claims and leases (E8): which executor may work on which attempt, and when an attempt is given up.
 *
 * L1 One executor per attempt: the answer yes follows a `claimed` event that names it.
 * L2 Only the owner raises the attempt: an offer unclaimed too long, or a lease run out while this owner was connected.
 * L3 After an outage of our own, a recovery, or a time in which this process stood still, every lease starts full: nobody could renew.
 * L4 An offer that was lost on its way is made again, for the same attempt (O1, O2).
 * L5 A claim that is renewed for longer than its work may take is given up like one that is not; who lets one after the other lapse
 *    gets none for a while (S1 to S3), and that is said on the event line and to those who look.
 * L6 Work by which executors die goes to one that did not die by it, where one is free, and fails after a few times (`net/deaths.ts`).
 */
import { type Clock, isoTime } from "../../contract/clock.ts";
import type { ClaimAnswer, ClaimRequest, ExecutorPresence } from "../../contract/envelope.ts";
import { errorData } from "../../contract/errors.ts";
import type { Json } from "../../contract/json.ts";
import { sealFor } from "../../contract/sealed.ts";
import { withoutControls } from "../../contract/terminal-text.ts";
import type { Death } from "../../net/deaths.ts";
import { beyondEnrolment, type Needs, suits } from "../../net/executor-match.ts";
import type { NetState, OpenFiring } from "../../net/state.ts";
import { isStopped } from "../../net/stopped.ts";
import { firstLine } from "../../net/summary.ts";
import type { ExecutorStanding, HoldOff } from "../executor-standing.ts";
import type { CommitLoop } from "./commit-loop.ts";
import type { FiringMemory } from "./firing-memory.ts";
import { OfferBook } from "./offer-book.ts";
import type { Lapse } from "./outcomes.ts";
import { Suspicion } from "./suspicion.ts";

/** How often `check` is to be called, ms. */
export const LOOK_MS = 1000;
/** L5. Between the end of its time and its result an attempt has this long, ms: to end processes and to wait for a broker or a disk. */
const OVERTIME_MS = 5 * 60_000;
/** L6. How often an offer is made again before one that died by the work may have it although another is free: that one may never ask. */
const OTHERS_FIRST = 4;
const STOPPED = "everything is stopped until `petrel resume`";

export interface ClaimPorts {
  state: NetState;
  loop: CommitLoop;
  clock: Clock;
  leaseMs: number;
  timeoutOf(firing: OpenFiring): number;
  /** Ends this attempt and begins the next, or fails the work. */
  lapse(firing: OpenFiring, reason: string, how?: Lapse): void;
  claimed(firing: OpenFiring, executor: string): void;
  /** Makes the offer once more. */
  offer(firing: OpenFiring): void;
  poolOf(firing: OpenFiring): string | null;
  needsOf(firing: OpenFiring): Needs | null;
  memory: FiringMemory;
  /** Of all executors, over all nets of this master. */
  standing: ExecutorStanding;
  /** Says it to those who look. */
  holdOff(executor: string, hold: HoldOff): void;
  /** What the command's environment gets, by variable; throws when it is not granted. */
  secretsOf(firing: OpenFiring): Record<string, string>;
}

interface Lost {
  isLeaving?: boolean;
  /** Its executor died (L6). */
  death?: Pick<Death, "start">;
}

export class Claims {
  readonly #ports: ClaimPorts;
  /** Firing -> when its executor was last heard of. */
  #renewed = new Map<string, number>();
  /** Firing -> since when its attempt has its claim, as far as this owner knows. */
  #heldSince = new Map<string, { attempt: number; at: number; start?: string | undefined }>();
  readonly #offers = new OfferBook();
  #granting = new Map<string, Promise<ClaimAnswer>>();
  #present = new Map<string, ExecutorPresence>();
  /** Executor -> the start that had its name. */
  readonly #starts = new Map<string, string>();
  /** Those that said goodbye with nothing under way. */
  readonly #left = new Set<string>();
  readonly #suspicion: Suspicion;
  #connectedSince: number | null;
  #checkedAt: number;

  constructor(ports: ClaimPorts) {
    this.#ports = ports;
    this.#suspicion = new Suspicion(ports.state, ports.standing);
    this.#connectedSince = ports.clock.now();
    this.#checkedAt = this.#connectedSince;
  }

  connection(up: boolean): void {
    this.#connectedSince = up ? this.#ports.clock.now() : null;
  }

  offered(firing: OpenFiring): void {
    this.#offers.made(firing.firing, this.#ports.needsOf(firing), this.#ports.clock.now());
  }

  presence(presence: ExecutorPresence | { name: string; gone: true; left?: true }): void {
    if ("gone" in presence) {
      this.#present.delete(presence.name);
      this.#starts.delete(presence.name);
      if (presence.left) this.#left.add(presence.name);
      return;
    }
    this.#left.delete(presence.name);
    this.#suspicion.heard(presence.start);
    const before = this.#present.get(presence.name);
    this.#present.set(presence.name, presence);
    // What lay there when nobody could do it may have been pulled by one that is gone, or rests for another's sake.
    if (!before && !this.#ports.state.killed) this.#offerLost(this.#ports.clock.now());
    // One that comes back under its own name has lost what it was doing: its leases are free at once.
    const current = this.#ports.standing.starts.current(presence.name);
    if (current === undefined) {
      if (before && before.pid !== presence.pid) this.#freeAll(before, null);
      return;
    }
    const known = this.#starts.get(presence.name);
    this.#starts.set(presence.name, current.start);
    if (known !== undefined && known !== current.start) this.#freeAll(before ?? { name: presence.name }, current.since);
  }

  async answer(id: string, attempt: number, request: ClaimRequest): Promise<ClaimAnswer> {
    const { state, loop } = this.#ports;
    // What a term that is over believes may never have come into the log.
    if (loop.isOver) return no("unknown", "this owner's term is over");
    const firing = state.firings.get(id);
    if (request.verb === "settled") return this.#settled(firing, attempt);
    if (state.killed) return no("killed", STOPPED);
    if (isStopped(state, "executor", request.executor)) {
      if (request.verb === "claim") this.#offers.turnedDown(id);
      return { ...no("killed", `this executor is stopped until \`petrel resume ${request.executor}\``), stopped: true };
    }
    // A claim that is its own is granted again: the answer before may be lost.
    const isNew = request.verb === "claim" && !this.holds(request.executor, id, attempt);
    const heldUntil = isNew ? this.#ports.standing.heldUntil(request.executor, this.#ports.clock.now()) : null;
    if (heldUntil !== null) {
      this.#offers.turnedDown(id);
      return { ...no("not-open", `this executor let its claims lapse, and gets no work until ${isoTime(heldUntil)}`), stopped: true };
    }
    if (firing?.persona && isStopped(state, "persona", firing.persona))
      return no("killed", `${firing.persona} is stopped until \`petrel resume ${firing.persona}\``);
    if (!firing || firing.attempt !== attempt || firing.gate) return no("not-open", "this attempt is over");
    const needs = request.verb === "claim" && request.enrolled ? this.#ports.needsOf(firing) : null;
    const beyond = needs && beyondEnrolment(needs, request.enrolled ?? { pools: [], labels: [] });
    if (beyond) {
      this.#offers.turnedDown(id);
      return no("not-open", `this work is not for ${request.executor}: ${beyond}`);
    }
    const kept = isNew ? this.#keptFrom(firing, request.executor) : null;
    if (kept !== null) {
      this.#offers.turnedDown(id);
      return no("not-open", kept);
    }
    if (request.verb === "claim") return this.#withSecrets(await this.#claim(firing, request.executor), firing, request.key);
    if (firing.claim?.executor !== request.executor) return no("taken", `the claim is ${firing.claim?.executor ?? "nobody"}'s`);
    if (request.verb === "release") {
      const how = { isLeaving: request.leaving === true, ...(request.died === true ? { death: {} } : {}) };
      this.#lose(firing, `${request.executor} gave it back${noteOf(request)}`, how);
      return this.#yes(firing);
    }
    if (request.verb === "confirm" && state.paused) return no("paused", "the net is paused");
    this.#renewed.set(id, this.#ports.clock.now());
    const yes = this.#yes(firing);
    return yes.ok && request.memory !== undefined ? { ...yes, memory: await this.#memory(id, request.memory) } : yes;
  }

  /** What is remembered for the attempts after this one. */
  async #memory(id: string, { name, value, room }: NonNullable<ClaimRequest["memory"]>): Promise<Json> {
    const { memory, state, clock } = this.#ports;
    if (room !== undefined) return await memory.takeRoom(state.net, id, name, room, clock.now());
    if (value === undefined) return await memory.recall(state.net, id, name);
    await memory.remember(state.net, id, name, value);
    return value;
  }

  /** Whether this executor has the claim of the open attempt; null when the term is over, and another may know. */
  holds(executor: string, id: string, attempt: number): boolean | null {
    if (this.#ports.loop.isOver) return null;
    const firing = this.#ports.state.firings.get(id);
    return firing?.claim?.executor === executor && firing.attempt === attempt;
  }

  /** The open firing of which this executor has the claim of this attempt. */
  held(executor: string, id: string, attempt: number): OpenFiring | null {
    return this.holds(executor, id, attempt) ? (this.#ports.state.firings.get(id) ?? null) : null;
  }

  /** Gives up what nobody renews and what nobody claims. Called every second or so. */
  check(): void {
    const { state, clock, leaseMs, poolOf } = this.#ports;
    const now = clock.now();
    // L3. Frozen, or the machine slept: renewals that came meanwhile are not read yet. So much longer than a check's interval is no load.
    if (this.#connectedSince !== null && now - this.#checkedAt > leaseMs / 2) this.#connectedSince = now;
    this.#checkedAt = now;
    if (!state.killed) this.#offerLost(now);
    if (state.killed || this.#connectedSince === null || now - this.#connectedSince < leaseMs) return;
    for (const firing of [...state.firings.values()]) {
      // What waits after a failure has not been offered yet.
      if (firing.gate || firing.notBefore !== null || poolOf(firing) === null) continue;
      if (firing.persona && isStopped(state, "persona", firing.persona)) continue;
      if (firing.claim) {
        const heard = Math.max(this.#renewed.get(firing.firing) ?? 0, this.#connectedSince);
        const may = this.#ports.timeoutOf(firing) + OVERTIME_MS;
        if (now - heard > leaseMs)
          this.#lose(firing, `the lease of ${firing.claim.executor} ran out`, this.#silent(firing, firing.claim.executor));
        else if (now - Math.max(this.#claimedAt(firing), this.#connectedSince) > may)
          this.#lose(firing, `${firing.claim.executor} held it for longer than it may take`);
        continue;
      }
      // While the net is paused, claims are turned down: nobody could take the offer.
      if (state.paused) continue;
      const since = this.#offers.since(firing.firing);
      if (since === undefined) continue;
      if (!this.#someoneFor(firing)) {
        this.#offers.nobodyIsFree(firing.firing, now); // O3
        continue;
      }
      const patience = leaseMs * 2 ** Math.min(firing.recoveries, 5);
      if (now - Math.max(since, this.#connectedSince) > patience) this.#ports.lapse(firing, "nobody claimed the offer");
    }
    for (const known of [this.#renewed, this.#heldSince]) for (const id of known.keys()) if (!state.firings.has(id)) known.delete(id);
    this.#offers.forgetAllBut(state.firings);
  }

  /** Of a claim that an owner before granted: when it was first looked at here. */
  #claimedAt({ firing, attempt }: OpenFiring): number {
    const known = this.#heldSince.get(firing);
    if (known?.attempt === attempt) return known.at;
    const at = this.#ports.clock.now();
    this.#heldSince.set(firing, { attempt, at });
    return at;
  }

  /** L5. The executor that has the claim did nothing with it. */
  #lose(firing: OpenFiring, reason: string, { isLeaving = false, death: died }: Lost = {}): void {
    const { standing, clock, lapse, holdOff, loop } = this.#ports;
    const executor = firing.claim?.executor;
    const now = clock.now();
    // Whom no answer has reached yet, since the log is slow, let nothing lapse.
    const isGranted = !this.#granting.has(`${firing.firing}/${firing.attempt}`);
    const isNone = executor === undefined || !isGranted || (isLeaving && standing.drained(executor, this.#claimedAt(firing), now));
    const death = died && executor !== undefined && isGranted ? { executor, attempt: firing.attempt, ...died } : null;
    const { isMishap, error } = death ? this.#suspicion.died(firing, death, now) : { isMishap: true, error: null };
    const hold = isNone || !isMishap ? null : standing.lapsed(executor, this.#claimedAt(firing), now);
    lapse(firing, reason, { death, ...(error ? { error } : {}) });
    if (executor === undefined || hold === null) return;
    holdOff(executor, hold);
    const until = isoTime(hold.until);
    void loop
      .commit({
        category: "executor",
        type: "noted",
        status: "refused",
        summary: `Executor ${executor} gets no work until ${until}: nothing came of ${hold.lapsed} claims in a row.`,
        attributes: { executor, heldOff: { lapsed: hold.lapsed, until } },
      })
      .catch(() => {});
  }

  /** L6. One that did not say goodbye has died as far as anybody knows, unless it is heard again as the same start. */
  #silent(firing: OpenFiring, executor: string): Lost {
    const start = this.#startOf(firing);
    const isThere = start.start === undefined && this.#present.has(executor);
    return isThere || this.#left.has(executor) ? {} : { death: start };
  }

  /** Which start has its claim, if this owner granted it. */
  #startOf({ firing, attempt }: OpenFiring): Pick<Death, "start"> {
    const known = this.#heldSince.get(firing);
    return known?.attempt === attempt && known.start !== undefined ? { start: known.start } : {};
  }

  /** L6. Why it may not have it now, in a clause; null when it may. */
  #keptFrom(firing: OpenFiring, executor: string): string | null {
    const kept = this.#suspicion.keepsFrom(firing, executor, this.#ports.clock.now());
    if (kept !== null || !this.#suspicion.diedBy(firing, executor) || this.#offers.timesAgain(firing.firing) >= OTHERS_FIRST) return kept;
    const other = this.#thoseFor(firing).find(({ name }) => !this.#suspicion.diedBy(firing, name));
    return other ? `${executor} died while it worked on this: ${other.name} is free, and comes first` : null;
  }

  /** L4 */
  #offerLost(now: number): void {
    const { state, offer } = this.#ports;
    if (state.paused || this.#connectedSince === null) return;
    for (const firing of state.firings.values()) {
      if (firing.claim || firing.gate || firing.notBefore !== null || this.#granting.has(`${firing.firing}/${firing.attempt}`)) continue;
      if (!this.#offers.isLost(firing.firing, this.#connectedSince, now) || !this.#someoneFor(firing)) continue;
      this.#offers.again(firing.firing);
      offer(firing);
    }
  }

  #claim(firing: OpenFiring, executor: string): Promise<ClaimAnswer> | ClaimAnswer {
    if (this.#ports.state.paused) return no("paused", "the net is paused");
    const key = `${firing.firing}/${firing.attempt}`;
    const granting = this.#granting.get(key);
    if (firing.claim && firing.claim.executor !== executor) return no("taken", `${firing.claim.executor} has it`);
    if (granting) return granting;
    if (firing.claim) return this.#yes(firing);
    const grant = this.#grant(firing, executor).finally(() => this.#granting.delete(key));
    this.#granting.set(key, grant);
    return grant;
  }

  /** Sealed for the executor that has the claim, in this answer alone. */
  #withSecrets(answer: ClaimAnswer, firing: OpenFiring, key: string | undefined): ClaimAnswer {
    if (!answer.ok) return answer;
    try {
      const secrets = Object.entries(this.#ports.secretsOf(firing));
      if (secrets.length === 0) return answer;
      if (key === undefined) return no("unknown", "the claim names no key to seal its secrets for: the executor is too old");
      return { ...answer, secrets: Object.fromEntries(secrets.map(([name, value]) => [name, sealFor(key, name, value)])) };
    } catch (error) {
      return no("not-open", errorData(error).message);
    }
  }

  async #grant(firing: OpenFiring, executor: string): Promise<ClaimAnswer> {
    const { loop, leaseMs, clock } = this.#ports;
    this.#renewed.set(firing.firing, clock.now());
    const attempt = firing.attempt;
    await loop.commit({
      category: "executor",
      type: "claimed",
      status: "info",
      summary: `Executor ${executor} took on ${firing.transition}.`,
      transition: firing.transition,
      firing: firing.firing,
      attempt,
      correlation: firing.correlation,
      ...(firing.persona ? { persona: firing.persona } : {}),
      attributes: { executor, leaseMs },
    });
    // The log was waited for: a kill, a lapse or a result may have come in between.
    const { state } = this.#ports;
    if (state.killed) return no("killed", STOPPED);
    if (state.firings.get(firing.firing) !== firing || firing.attempt !== attempt) return no("not-open", "this attempt is over");
    this.#offers.claimed(firing.firing, clock.now());
    this.#heldSince.set(firing.firing, { attempt, at: clock.now(), start: this.#ports.standing.starts.current(executor)?.start });
    this.#ports.claimed(firing, executor);
    return this.#yes(firing);
  }

  #yes(firing: OpenFiring): ClaimAnswer {
    const { leaseMs, clock } = this.#ports;
    return { ok: true, leaseMs, timeLeftMs: this.#ports.timeoutOf(firing), secrets: {}, now: clock.now() };
  }

  async #settled(firing: OpenFiring | undefined, attempt: number): Promise<ClaimAnswer> {
    if (firing && firing.attempt === attempt) return no("not-in-log", "the log does not have this result yet");
    // The end of the attempt is decided; the executor lets go of its result once that is in the log.
    await this.#ports.loop.caughtUp();
    return { ok: true, leaseMs: 0, timeLeftMs: 0, secrets: {} };
  }

  #someoneFor(firing: OpenFiring): boolean {
    return this.#thoseFor(firing).length > 0;
  }

  /** Who is free, could do it and may have it. */
  #thoseFor(firing: OpenFiring): ExecutorPresence[] {
    const needs = this.#ports.needsOf(firing);
    const { state, standing, clock } = this.#ports;
    if (needs === null) return [];
    const now = clock.now();
    const mayHave = ({ name }: ExecutorPresence) =>
      !isStopped(state, "executor", name) &&
      standing.heldUntil(name, now) === null &&
      this.#suspicion.keepsFrom(firing, name, now) === null;
    return [...this.#present.values()].filter((one) => suits(needs, one) && one.busy < one.slots && mayHave(one));
  }

  /** `since`: what was claimed from then on is the new one's; null for nothing. */
  #freeAll({ name, leaving }: Pick<ExecutorPresence, "name" | "leaving">, since: number | null): void {
    for (const firing of [...this.#ports.state.firings.values()]) {
      if (firing.claim?.executor !== name || (since !== null && this.#claimedAt(firing) >= since)) continue;
      // One that was told to end has not died, however it came to its end.
      this.#lose(firing, `executor ${name} started anew`, leaving ? { isLeaving: true } : { death: this.#startOf(firing) });
    }
  }
}

/** In an executor's own words, of which nothing is known. */
function noteOf({ note }: ClaimRequest): string {
  return typeof note === "string" && note !== "" ? `: ${firstLine(withoutControls(note))}` : "";
}

function no(code: Extract<ClaimAnswer, { ok: false }>["code"], message: string): Extract<ClaimAnswer, { ok: false }> {
  return { ok: false, code, message };
}
