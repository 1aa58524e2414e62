/**
 * Asks the judge whom a rule's equality names about answers in other words, in its shadow and in audits: one pair after the other, beside
 * the work. It holds nothing that counts: the pairs lie in the log as tokens, so whoever owns the net after a crash goes on with them.
 *
 * D1 A verdict is one event that takes its pair away: a pair is judged once in the log, though a crash may have it asked twice. D2 The judge
 * works within the budgets of its persona and of the net, and what it took is booked under its name. D3 A judge that cannot be asked holds
 * up nothing: that is told once, the pairs wait, and it is tried again later.
 */
import { type Clock, delay } from "../../contract/clock.ts";
import { Cancelled, errorData, Terminal } from "../../contract/errors.ts";
import type { NetEvent } from "../../contract/event.ts";
import { derivedId } from "../../contract/hash.ts";
import type { Logger } from "../../contract/logger.ts";
import type { Tiers } from "../../models/tiers.ts";
import { DISAGREEMENTS } from "../../net/built-in-places.ts";
import { isOpen, judgedDraft, pairsOf, type Verdict, type WaitingPair } from "../../net/crystal/judging.ts";
import { isStopped } from "../../net/stopped.ts";
import type { Persona } from "../../personas/persona-schema.ts";
import { ModelGuard } from "../model-guard.ts";
import { BudgetCrossed, type DefaultBudgets } from "../term/budget-scopes.ts";
import type { Term } from "../term/term.ts";
import { tellStage } from "./crystal-verbs.ts";
import { askJudge, type Said } from "./rule-judge.ts";
import { latestPersona } from "./study-models.ts";

/** The models of a master, for what it asks beside the work of its personas. */
export interface CrystalModels {
  tiers: Tiers;
  budgets: DefaultBudgets;
}

const TIMEOUT_MS = 2 * 60_000;
/** After a judge could not be asked: so long, then twice as long, up to the longest. */
const AGAIN_MS = 5000;
const LONGEST_MS = 5 * 60_000;
const MOST_TRIES = 3;
/** What people can mend. */
const NOT_YET: ReadonlySet<string> = new Set(["unknown-persona", "no-model", "no-price", "models-budget-exhausted", "unknown-tier"]);

export class JudgeDesk {
  readonly #term: Term;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #busy = false;
  #stop = new AbortController();
  #wait = AGAIN_MS;
  #tries = { token: "", count: 0 };
  /** Judges of which this term has told already that they cannot be asked. */
  readonly #told = new Set<string>();

  constructor(term: Term, { clock, logger }: { clock: Clock; logger: Logger }) {
    this.#term = term;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** After an event that may have brought a pair, or that called work off. */
  follow(event: NetEvent): void {
    const { type, attributes } = event;
    if (this.#busy && this.#term.state.killed) this.#callOff();
    if (attributes?.crystal !== undefined || attributes?.crystallized !== undefined || type === "resumed") this.look();
  }

  look(): void {
    if (this.#busy || !this.#term.ports.crystalModels || this.#next() === null) return;
    this.#busy = true;
    void this.#work().finally(() => {
      this.#busy = false;
      // One may have come while the last one was told.
      if (this.#next() !== null) this.look();
    });
  }

  stop(): void {
    this.#callOff();
  }

  #callOff(): void {
    this.#stop.abort(new Cancelled({ code: "called-off", message: "the judge is not asked any more" }));
    this.#stop = new AbortController();
  }

  #next(): WaitingPair | null {
    const { state, loop } = this.#term;
    if (loop.isOver || state.killed || !state.places.get(DISAGREEMENTS)?.size) return null;
    return pairsOf(state).find(({ judge }) => !isStopped(state, "persona", judge)) ?? null;
  }

  async #work(): Promise<void> {
    for (let pair = this.#next(); pair !== null; pair = this.#next()) {
      const { signal } = this.#stop;
      try {
        await this.#judge(pair, signal);
        this.#wait = AGAIN_MS;
      } catch (error) {
        if (this.#term.loop.isOver || signal.aborted || error instanceof Cancelled) return;
        // D3.
        await this.#tell(pair, error);
        if (this.#isHopeless(pair, error)) {
          await this.#commit(pair, { same: null, why: "it could not be asked" }, null);
          continue;
        }
        const wait = this.#wait;
        this.#wait = Math.min(LONGEST_MS, 2 * wait);
        await delay(this.#clock, wait, signal).catch(() => {});
      }
    }
  }

  /** A pair at which the judge's model fails again and again must not be paid for without end. */
  #isHopeless({ token }: WaitingPair, error: unknown): boolean {
    const { outlook, code } = errorData(error);
    if (outlook !== "terminal" || error instanceof BudgetCrossed || NOT_YET.has(code)) return false;
    this.#tries = { token, count: this.#tries.token === token ? this.#tries.count + 1 : 1 };
    return this.#tries.count >= MOST_TRIES;
  }

  async #judge(pair: WaitingPair, signal: AbortSignal): Promise<void> {
    const { state, net } = this.#term;
    if (!isOpen(state, net?.transitions.get(pair.transition), pair))
      return this.#commit(pair, { same: null, why: "its rule is not in question any more" }, null);
    const persona = await latestPersona(this.#term.ports.personas, pair.judge);
    const guard = this.#guard(pair, persona);
    try {
      const call = { signal, timeoutMs: TIMEOUT_MS, key: `judge/${state.net}/${pair.token}` };
      const said = await askJudge(guard, pair.judge, persona, pair, call);
      await this.#commit(pair, verdictOf(said), said.use);
    } finally {
      guard.endTold();
    }
  }

  /** D1. */
  async #commit(pair: WaitingPair, verdict: Verdict, use: Parameters<typeof judgedDraft>[3]): Promise<void> {
    const { state } = this.#term;
    if (!pairsOf(state).some(({ token }) => token === pair.token)) return;
    await this.#term.commit(judgedDraft(state.net, pair, verdict, use, this.#clock.now()));
  }

  /** D2. */
  #guard({ token, transition, correlation, judge }: WaitingPair, persona: Persona): ModelGuard {
    const { state, ports } = this.#term;
    const { tiers, budgets } = ports.crystalModels ?? {};
    if (!tiers) throw new Terminal({ code: "no-model", message: "this master asks no models" });
    const firing = derivedId("f-", "judge", token);
    return new ModelGuard({
      ...{ term: this.#term, persona, tiers, clock: this.#clock, defaults: budgets ?? {}, hold: () => {} },
      firing: { net: state.net, transition, firing, attempt: 1, persona: judge, correlation },
    });
  }

  async #tell({ transition, judge, rule }: WaitingPair, error: unknown): Promise<void> {
    const { code, message, hint } = errorData(error);
    this.#logger.warn({ err: error, net: this.#term.state.net, transition, judge }, "a judge could not be asked");
    if (this.#told.has(`${judge}/${code}`)) return;
    this.#told.add(`${judge}/${code}`);
    const summary = `${judge} could not be asked whether the rule and the model of ${transition} say the same: ${message}. It is tried again${hint ? `; ${hint}` : ""}.`;
    const failed = { code, message };
    await tellStage(this.#term, { stage: "waits-for-judge", transition, summary, found: { rule, judge, failed }, by: "crystallizer" });
  }
}

/** What is no verdict is told with what it was, so that people can mend the judge. */
function verdictOf(said: Said): Verdict {
  if (said.same !== null) return { same: said.same, why: said.why };
  const { code, said: words, wanted } = said.unread;
  return { same: null, why: `${code}: it said ${words}; wanted is ${wanted}` };
}
