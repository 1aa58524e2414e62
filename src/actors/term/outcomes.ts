/**
 * How attempts end: with an outcome, by giving them up, or by a result from an executor.
 *
 * O1 An outcome counts for the open attempt alone. O2 What is out of reach for a moment fails no work: the outcome waits.
 * O3 What only a person can mend pauses the net instead of failing its work. O4 An attempt that follows a lost one has a `started` of its
 * own, decided with the `lapsed` before it. O5 Where a rule answers and the model was only to be asked as well, a model that cannot be asked
 * stops nothing: the rule's answer is the outcome.
 */
import type { Broker } from "../../contract/broker.ts";
import { type Clock, delay } from "../../contract/clock.ts";
import type { WorkResult } from "../../contract/envelope.ts";
import { Cancelled, type ErrorData, errorData, PetrelError } from "../../contract/errors.ts";
import type { EventDraft, ModelUse, NetEvent } from "../../contract/event.ts";
import type { Logger } from "../../contract/logger.ts";
import { soundOutcome } from "../../contract/sound-outcome.ts";
import { toldUse } from "../../models/told-use.ts";
import type { CompiledNet, CompiledTransition } from "../../net/compiled-net.ts";
import type { CompiledCrystal } from "../../net/crystal/compiled.ts";
import { missedAuditDraft } from "../../net/crystal/missed-audit.ts";
import type { Death } from "../../net/deaths.ts";
import { againDraft, type MayAnswer } from "../../net/decide.ts";
import type { Outcome } from "../../net/outcome.ts";
import { lapseDraft, RECOVERY_LIMIT, retryOf, settleDraft } from "../../net/settle.ts";
import type { NetState, OpenFiring } from "../../net/state.ts";
import { isStopped } from "../../net/stopped.ts";
import { firstLine } from "../../net/summary.ts";
import type { PersonaBook } from "../persona-book.ts";
import { storeBundles } from "./bundles.ts";
import { IgnoredResults } from "./ignored-results.ts";
import { answerAttributes } from "./recordings.ts";
import { spentDraft } from "./spent-draft.ts";
import { fitTokens } from "./token-size.ts";

/** Errors of the set-up, not of the work. */
const SET_UP_ERRORS = new Set([
  "model-key-refused",
  "model-unknown",
  "no-model",
  "no-recording",
  "models-budget-exhausted",
  "budget-spent",
  "no-price",
  "secret-missing",
  "secrets-file",
  "secrets-key",
]);
/** Nobody can mend it but by other models: where the net says what becomes of failed work, that happens, and the others go on. */
const ANSWERED_BY_NOBODY = "no-rule";
/** What may be over in a moment, and counts as the set-up's when the last try has failed with it too. */
const LASTING_ERRORS = new Set(["model-unreachable"]);
/** The model was asked, and came to no answer within its limits. */
const NO_ANSWER = new Set(["budget-exhausted", "too-many-turns"]);
const AGAIN_MS = 500;
/** Of a name that an executor gives. */
const NAME_SHOWN = 64;

export interface OutcomePorts {
  state: NetState;
  broker: Broker;
  clock: Clock;
  logger: Logger;
  personas: Pick<PersonaBook, "get">;
  random(): number;
  isOver(): boolean;
  netOf(firing: OpenFiring): CompiledNet | null;
  /** As the net stands now. */
  isAgent(transition: string): boolean;
  ruleOf(transition: string): CompiledCrystal | null;
  mayAnswer: MayAnswer;
  commit(draft: EventDraft): Promise<NetEvent>;
  cancel(firing: string, attempt: number, reason: string): void;
  /** It did something with its claim. */
  worked(executor: string): void;
}

export interface Lapse {
  /** Its executor died. */
  death?: Death | null;
  error?: ErrorData;
}

export class Outcomes {
  readonly #ports: OutcomePorts;
  /** Results that this term has counted: the same ones, delivered again, are nothing to speak of. */
  readonly #counted = new Set<string>();
  readonly #ignored = new IgnoredResults();

  constructor(ports: OutcomePorts) {
    this.#ports = ports;
  }

  /** Ends an attempt with its outcome. Settles once that is in the log; a late one changes nothing and says so. */
  async settle(id: string, attempt: number, outcome: Outcome, extra: Partial<EventDraft> = {}): Promise<boolean> {
    const { state, clock, random, broker, netOf, commit } = this.#ports;
    const firing = state.firings.get(id);
    const net = firing && netOf(firing);
    const transition = net?.transitions.get(firing?.transition ?? "");
    if (!firing || !net || !transition || firing.attempt !== attempt || firing.gate || firing.subnet || this.#stands(firing)) return false;
    const missed = outcome.ok ? null : this.#missedAudit(net, transition, firing, outcome.error);
    if (missed) {
      const fitting = await fitTokens(missed, broker.artifacts);
      // Not before: where the artefact store is away, all of this comes again (O2), and it was paid for once.
      if (extra.model) void commit(spentDraft({ ...firing, persona: firing.persona ?? "" }, extra)).catch(() => {});
      if (state.firings.get(id)?.attempt !== attempt || this.#stands(firing)) return false;
      await commit(fitting);
      return true;
    }
    if (!outcome.ok && isOfSetUp(outcome.error, transition, firing)) {
      if (extra.model) void commit(spentDraft({ ...firing, persona: firing.persona ?? "" }, extra)).catch(() => {});
      return this.#pauseFor(firing, outcome.error);
    }
    const sound = soundOutcome(outcome);
    const given: Outcome = sound.ok && outcome.ok && outcome.calls ? { ...sound, calls: outcome.calls } : sound;
    const draft = settleDraft(state, net, transition, firing, given, clock.now(), random());
    const answer = given.ok ? await answerAttributes(state, transition, firing, draft, given.value, broker.artifacts) : null;
    const said = { ...draft.attributes, ...extra.attributes, ...answer };
    const attributes = Object.keys(said).length > 0 ? { attributes: said } : {};
    const fitting = await fitTokens({ ...draft, ...extra, ...attributes }, broker.artifacts);
    // The artefact store was waited for: the attempt may be over by now.
    if (state.firings.get(id)?.attempt !== attempt || this.#stands(firing)) return false;
    if (outcome.ok && firing.claim) this.#ports.worked(firing.claim.executor);
    await commit(fitting);
    return true;
  }

  /** The same for callers that cannot wait: asked again while the broker is away (O2), and quiet when the term is over. */
  settleSoon(id: string, attempt: number, outcome: Outcome, extra: Partial<EventDraft> = {}): void {
    const { clock, logger, isOver, state } = this.#ports;
    void (async () => {
      while (!isOver()) {
        try {
          return await this.settle(id, attempt, outcome, extra);
        } catch (error) {
          if (isOver() || error instanceof Cancelled) return false;
          if (!(error instanceof PetrelError && error.outlook === "retryable")) {
            logger.error({ err: error, net: state.net, firing: id }, "an outcome could not be settled");
            outcome = { ok: false, error: errorData(error) };
          }
          await delay(clock, AGAIN_MS);
        }
      }
      return false;
    })();
  }

  /** Gives up an attempt and begins the next, free of charge up to the recovery limit. `error`: none follows, for that reason. */
  lapse(firing: OpenFiring, reason: string, { death = null, error: fatal }: Lapse = {}): void {
    const { state, broker, netOf, commit, cancel } = this.#ports;
    const transition = netOf(firing)?.transitions.get(firing.transition);
    if (!transition || state.firings.get(firing.firing) !== firing) return;
    // A link does nothing that could be lost: its instance goes on, and so does that of an agent's program.
    if (transition.definition.kind === "link" || firing.subnet) return;
    const executor = firing.claim?.executor ?? null;
    const about = { net: state.net, firing: firing.firing, attempt: firing.attempt };
    cancel(firing.firing, firing.attempt, reason);
    if (executor) void broker.work.cancel(executor, about).catch(() => {});
    const error = fatal ?? (firing.recoveries < RECOVERY_LIMIT ? null : tooMany(firing, reason));
    if (error) {
      this.settleSoon(firing.firing, firing.attempt, { ok: false, error });
      return;
    }
    const now = this.#ports.clock.now();
    void commit(lapseDraft(transition, firing, reason, { executor, death }, now));
    // O4. One entry holds both, as a rule; where it does not, or nothing may start now, the pump starts what is due.
    if (!state.paused && !state.killed) void commit(againDraft(transition, firing, now));
  }

  /** Firings that were still at work in an instance of a sub-net when it ended. Gives their ids. */
  callOff(event: NetEvent): string[] {
    const { state, broker, cancel } = this.#ports;
    const ended = event.attributes?.ended;
    if (!Array.isArray(ended)) return [];
    return (ended as unknown as { firing: string; attempt: number; executor: string | null }[]).map(({ firing, attempt, executor }) => {
      cancel(firing, attempt, "its instance is over");
      if (executor) void broker.work.cancel(executor, { net: state.net, firing, attempt }).catch(() => {});
      return firing;
    });
  }

  /** A result from an executor (E8): counts only from the one in `claimed`, for the open attempt. Settles when it is dealt with. */
  async takeResult(result: WorkResult): Promise<void> {
    const { state, broker, netOf, isOver } = this.#ports;
    // It stays where it is, for the next owner.
    if (isOver()) throw new Cancelled({ code: "term-over", message: "this owner's term is over" });
    const firing = state.firings.get(result.firing);
    const isOpen = firing && !firing.gate && firing.attempt === result.attempt && firing.claim?.executor === result.executor;
    // What an executor says of a session that is over tells nothing new: its answers came call by call.
    const isAgent = firing
      ? netOf(firing)?.transitions.get(firing.transition)?.definition.kind === "agent"
      : this.#ports.isAgent(result.transition);
    if (isOpen) this.#ports.worked(result.executor);
    if (isOpen && isAgent && result.outcome.ok) return;
    if (isOpen && !this.#stands(firing)) {
      const outcome = soundOutcome(result.outcome);
      const stored: Outcome = outcome.ok ? { ok: true, value: await storeBundles(outcome.value, broker.artifacts) } : outcome;
      const model = this.#usedBy(result, firing);
      if (await this.settle(result.firing, result.attempt, stored, model ? { model } : {})) {
        this.#counted.add(keyOf(result));
        return;
      }
    }
    if (!isAgent && !this.#counted.has(keyOf(result))) await this.#ignore(result);
  }

  /** What its hand asked of models counts for the persona's tier. */
  #usedBy({ model }: WorkResult, { persona }: OpenFiring): ModelUse | null {
    const { state, personas } = this.#ports;
    if (model === undefined) return null;
    return toldUse(model, persona ? personas.get(persona, state.personas[persona])?.tier : undefined);
  }

  /** Whether a rule would answer, if the model can not be asked: then that holds nothing up. */
  isAudit(id: string): boolean {
    const { state, netOf } = this.#ports;
    const firing = state.firings.get(id);
    const net = firing && netOf(firing);
    const transition = net?.transitions.get(firing?.transition ?? "");
    if (!firing || !net || !transition) return false;
    return this.#missedAudit(net, transition, firing, { outlook: "terminal", code: "budget-spent", message: "" }) !== null;
  }

  /** O5. */
  #missedAudit(net: CompiledNet, transition: CompiledTransition, firing: OpenFiring, error: ErrorData): EventDraft | null {
    if (!transition.crystal || !isUnasked(error, transition, firing)) return null;
    const { state, clock, ruleOf, mayAnswer } = this.#ports;
    return missedAuditDraft(state, { net, transition, firing, running: ruleOf(transition.id) }, error, mayAnswer, clock.now());
  }

  /** Stopped by a kill, with the rest or as its persona's work. */
  #stands(firing: OpenFiring): boolean {
    const { state } = this.#ports;
    return state.killed || isStopped(state, "persona", firing.persona ?? undefined);
  }

  async #ignore(result: WorkResult): Promise<void> {
    const { state, commit, logger, clock } = this.#ports;
    const { untold, isFirst } = this.#ignored.next(result.executor, clock.now());
    if (isFirst) logger.warn({ net: state.net, executor: result.executor }, "its results are ignored, and for an hour no longer told");
    if (untold === null) return;
    const firing = state.firings.get(result.firing);
    const transition = firing?.transition ?? String(result.transition).slice(0, NAME_SHOWN);
    const claim = firing?.claim ? `${firing.claim.executor} has its claim` : "nobody has its claim";
    const why = !firing ? "the firing is over" : firing.attempt !== result.attempt ? `attempt ${firing.attempt} is open` : claim;
    await commit({
      category: "executor",
      type: "ignored",
      status: "info",
      transition,
      firing: result.firing,
      attempt: result.attempt,
      ...(firing ? { correlation: firing.correlation } : {}),
      summary: `A late result of ${result.executor} for ${transition} was ignored${untold > 0 ? `, as were ${untold} before it` : ""}.`,
      // What it cost is told and not booked: the same result may come again to the next owner.
      attributes: {
        ...{ executor: result.executor, reason: state.killed ? "killed" : why },
        ...(untold > 0 ? { untold } : {}),
        ...(result.model ? { usd: toldUse(result.model, undefined)?.costUsd ?? null } : {}),
      },
    });
    // Once is enough: the executor brings it again until it hears of it.
    this.#counted.add(keyOf(result));
  }

  /** O3. Nothing is lost, and `resume` goes on. */
  async #pauseFor(firing: OpenFiring, error: ErrorData): Promise<boolean> {
    const { state, commit } = this.#ports;
    if (!state.paused) {
      await commit({
        category: "control",
        type: "paused",
        status: "error",
        summary: `The net ${state.net} is paused: ${asSentence(firstLine(error.message))} When that is mended: petrel resume ${state.net}.`,
        attributes: { by: "petrel", reason: error.message, code: error.code, hint: error.hint ?? "", transition: firing.transition },
      });
    }
    const open = state.firings.get(firing.firing);
    if (open?.attempt === firing.attempt) this.lapse(open, "the net was paused");
    return true;
  }
}

function isOfSetUp({ code }: ErrorData, { definition }: CompiledTransition, { failures }: OpenFiring): boolean {
  if (code === ANSWERED_BY_NOBODY) return definition.onError === undefined && !definition.out.some(({ error }) => error);
  return SET_UP_ERRORS.has(code) || (LASTING_ERRORS.has(code) && failures >= retryOf(definition).max);
}

/** No answer came, and none will come by trying again. */
function isUnasked(error: ErrorData, transition: CompiledTransition, firing: OpenFiring): boolean {
  if (isOfSetUp(error, transition, firing) || error.code === ANSWERED_BY_NOBODY || NO_ANSWER.has(error.code)) return true;
  return error.outlook === "retryable" && firing.failures >= retryOf(transition.definition).max;
}

function tooMany({ recoveries }: OpenFiring, reason: string): ErrorData {
  return { outlook: "terminal", code: "too-many-recoveries", message: `${recoveries} attempts were lost: ${reason}` };
}

function asSentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

function keyOf(result: WorkResult): string {
  return `${result.firing}/${result.attempt}/${result.executor}`;
}
