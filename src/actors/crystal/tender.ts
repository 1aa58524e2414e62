/**
 * A net that crystallizes by itself: with the policy `crystallize` in its file, its owner looks through the history after every so many
 * firings of a step, learns, proves, and puts what is good enough into its shadow. From there the log decides.
 *
 * A rule that answers is looked at again when what it leaves to the model has grown: a later rule then goes beside it (J4).
 *
 * J1 It holds nothing that counts: how many firings there were since the last look follows from the log's own events, and what it has read
 * of them is read again by whoever comes after. J2 A step whose rule
 * people took away is left alone until somebody begins again. After drift it learns anew from what came since, unless people say no. J3 Learning takes its time beside the net, which goes on:
 * what has become of the step meanwhile is looked at before anything is said of it. J4 The rule that answers goes on answering until the
 * later one has been beside it for as many firings as a first one, and people or the policy have said yes.
 */
import { type Clock, isoTime } from "../../contract/clock.ts";
import { Cancelled, errorData } from "../../contract/errors.ts";
import type { NetEvent } from "../../contract/event.ts";
import type { JsonObject } from "../../contract/json.ts";
import type { Logger } from "../../contract/logger.ts";
import type { Proposal } from "../../crystallize/crystallize.ts";
import { mayGrow } from "../../crystallize/grown.ts";
import { DECLINED, GROWTH, isTimeToLearn, LATER_SHADOW } from "../../crystallize/relearn.ts";
import type { CompiledNet, CompiledTransition } from "../../net/compiled-net.ts";
import type { CompiledCrystal } from "../../net/crystal/compiled.ts";
import { type CrystallizePolicy, policyOf, stepPolicy } from "../../net/crystal/definition.ts";
import { withCrystal } from "../../net/crystal/stages.ts";
import { recordOf } from "../../net/crystal/state.ts";
import type { CrystalRecord } from "../../net/records.ts";
import { isProgram } from "../../net/rule/rule.ts";
import { applyNet } from "../term/apply-net.ts";
import type { Term } from "../term/term.ts";
import { tellStage, withLater } from "./crystal-verbs.ts";
import type { StepHistory } from "./history.ts";
import { crystalFrom, liveOf } from "./learning.ts";
import { judgingNote, learningNotes, writingNote } from "./learning-notes.ts";
import { StudyModels } from "./study-models.ts";

const BY = "crystallizer";

export class CrystalTender {
  readonly #term: Term;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** Transition -> firings since the last look, and how many the next one waits for. */
  readonly #since = new Map<string, number>();
  readonly #wait = new Map<string, { version: string; firings: number }>();
  /** Of a rule that answers: what it had declined, and in how many firings, when a wider one was looked for last. */
  readonly #tried = new Map<string, { rule: string; declined: number; firings: number }>();
  #busy = false;

  readonly #signal: AbortSignal;

  constructor(term: Term, { clock, logger, signal }: { clock: Clock; logger: Logger; signal: AbortSignal }) {
    this.#term = term;
    this.#signal = signal;
    this.#clock = clock;
    this.#logger = logger;
  }

  follow({ type, transition, model }: NetEvent): void {
    const policy = this.#policy(transition);
    if (type !== "fired" || transition === undefined || !model || !policy) return;
    const since = (this.#since.get(transition) ?? 0) + 1;
    this.#since.set(transition, since);
    if (since < this.#waitOf(transition, policy) || this.#busy || !this.#isOpen(transition, policy)) return;
    this.#since.set(transition, 0);
    this.#wait.delete(transition);
    this.#busy = true;
    void this.#look(transition, policy)
      .catch((error: unknown) => {
        if (!this.#term.loop.isOver)
          this.#logger.warn({ err: error, net: this.#term.state.net, transition }, "a step could not be studied");
      })
      .finally(() => {
        this.#busy = false;
      });
  }

  #policy(transition?: string): CrystallizePolicy | undefined {
    const { net, state, loop } = this.#term;
    if (loop.isOver || state.killed || !net?.source.crystallize) return undefined;
    return stepPolicy(policyOf(net.source.crystallize, this.#term.ports.crystallize), net.transitions.get(transition ?? "")?.definition);
  }

  /** J2. */
  #isOpen(id: string, policy: CrystallizePolicy): boolean {
    const { net, state } = this.#term;
    const transition = net?.transitions.get(id);
    if (!transition || !asksModel(transition) || !(policy.transitions?.includes(id) ?? true)) return false;
    if (!transition.crystal) return !state.crystals.has(id);
    return this.#isTimeAgain(id, transition.crystal) || this.#hasDrifted(id, transition.crystal);
  }

  /** Its rule is off because the world has changed, and nobody has said yet that it is to stay so. */
  #hasDrifted(id: string, { id: rule, definition }: CompiledCrystal): boolean {
    const record = recordOf(this.#term.state, id, rule);
    return definition.mode === "off" && record?.demoted != null && record.notice?.about === "demoted";
  }

  /** Whether a rule that answers has left so much to the model that a wider one may be learned. */
  #isTimeAgain(id: string, { id: rule, definition, next }: CompiledCrystal): boolean {
    const record = recordOf(this.#term.state, id, rule);
    // Nothing stands beside a program.
    if (definition.mode !== "live" || next || isProgram(definition.rule)) return false;
    if (record?.mode !== "live" || record.demoted) return false;
    const { declined } = record;
    const tried = this.#tried.get(id);
    const last = tried?.rule === rule ? tried : { declined: 0, firings: 0 };
    const firings = firingsOf(record);
    const known = (definition.proof?.learned ?? 0) + (definition.proof?.held ?? 0);
    const live = { firings: firings - last.firings, declined: declined - last.declined, grows: mayGrow(definition.rule) };
    return isTimeToLearn({ examples: known + declined, lastTry: known, live });
  }

  /** The next try waits for as many declined firings again. */
  #remember(id: string): void {
    const { net, state } = this.#term;
    const crystal = net?.transitions.get(id)?.crystal;
    const record = crystal && recordOf(state, id, crystal.id);
    if (!crystal || !record) return;
    this.#tried.set(id, { rule: crystal.id, declined: record.declined, firings: firingsOf(record) });
  }

  async #look(transition: string, policy: CrystallizePolicy): Promise<void> {
    const { net } = this.#term;
    if (!net) return;
    const [step] = await this.#term.crystals.histories.of(net, transition);
    if (!step) return;
    this.#waitFor(step, policy);
    if (step.examples.length < policy.least) return;
    const proposal = await this.#learned(step, policy);
    if (!proposal || !this.#policy() || !this.#isOpen(transition, policy)) return;
    this.#remember(transition);
    // J3: it was learned under another file; the next firing has it looked at again.
    if (this.#term.net?.version !== net.version) return void this.#since.set(transition, policy.every);
    const { promotable, reasons } = proposal;
    const crystal = crystalFrom(proposal, policy, BY, isoTime(this.#clock.now()));
    if (!crystal) return this.#tell(transition, "candidates", `${transition} has not settled: ${reasons[0] ?? "no rule was found"}.`, {});
    for (const { stage, summary, found } of learningNotes(transition, proposal)) await this.#tell(transition, stage, summary, found);
    const before = net.transitions.get(transition)?.crystal ?? null;
    const now = this.#term.net?.transitions.get(transition)?.crystal ?? null;
    if (promotable && this.#policy() && before?.id === now?.id && now?.next == null)
      await this.#begin(net, transition, crystal, proposal.reasons[0]);
  }

  /** It waits for what it lacks at least, and for as much growth as could change what is found. */
  #waitFor({ transition, examples }: StepHistory, { every, least }: CrystallizePolicy): void {
    if (this.#term.net?.transitions.get(transition)?.crystal?.definition.mode === "live") return;
    const lacking = Math.max(least, Math.ceil(examples.length * GROWTH)) - examples.length;
    this.#wait.set(transition, { version: this.#term.net?.version ?? "", firings: Math.max(every, lacking) });
  }

  /** An edit may have changed what it waits for. Beside a rule that answers few firings ask a model: as soon as so many may be enough. */
  #waitOf(transition: string, { every }: CrystallizePolicy): number {
    const wait = this.#wait.get(transition);
    if (this.#term.net?.transitions.get(transition)?.crystal?.definition.mode === "live") return Math.min(every, DECLINED.least);
    return wait && wait.version === this.#term.net?.version ? wait.firings : every;
  }

  /** Null where it could not be done, which the log then tells. */
  async #learned(step: StepHistory, policy: CrystallizePolicy): Promise<Proposal | null> {
    const models = new StudyModels(this.#term, step.transition, this.#signal);
    try {
      const { net, state } = this.#term;
      const crystal = net?.transitions.get(step.transition)?.crystal;
      const live = crystal?.definition.mode === "live" ? liveOf(crystal, recordOf(state, step.transition, crystal.id)) : undefined;
      const write = policy.withModel === false ? "no" : "ask";
      const proposal = await models.learn(policy, { write, wanted: ({ promotable }) => !promotable })(step, policy, live);
      await this.#tellAsked(step.transition, proposal);
      return proposal;
    } catch (error) {
      if (this.#term.loop.isOver || error instanceof Cancelled) return null;
      const { code, message } = errorData(error);
      const { transition } = step;
      this.#logger.warn({ err: error, net: this.#term.state.net, transition }, "a step could not be studied");
      await this.#tell(transition, "candidates", `${transition} could not be studied: ${message}.`, { failed: { code, message } });
      return null;
    } finally {
      models.end();
    }
  }

  /** What models were asked, with what it cost. */
  async #tellAsked(transition: string, { judged, written }: Proposal): Promise<void> {
    const about = { transition, by: BY };
    if (judged) await tellStage(this.#term, { stage: "proven", ...about, ...judgingNote(transition, judged) });
    if (written) await tellStage(this.#term, { stage: "learned", ...about, ...writingNote(transition, written) });
  }

  async #begin(net: CompiledNet, transition: string, crystal: NonNullable<ReturnType<typeof crystalFrom>>, reason?: string): Promise<void> {
    const old = net.transitions.get(transition)?.crystal;
    // J4.
    const later = { ...crystal, shadow: Math.min(crystal.shadow, LATER_SHADOW) };
    const definition = withCrystal(net.source, transition, old?.definition.mode === "live" ? withLater(transition, old, later) : crystal);
    if (!definition) return;
    await applyNet(this.#term, {
      ...{ definition, base: net.version, by: BY, settles: { transition, ...(reason === undefined ? {} : { reason }) } },
      ...(definition.parent ? { derived: true as const } : {}),
    });
  }

  async #tell(transition: string, stage: string, summary: string, found: JsonObject): Promise<void> {
    await tellStage(this.#term, { stage, transition, summary, found, by: BY });
  }
}

function asksModel({ definition: { kind } }: CompiledTransition): boolean {
  return kind === "llm" || kind === "agent";
}

/** Those of its shadow among them, as among what it declined. */
function firingsOf({ answered, declined, audit, shadow }: CrystalRecord): number {
  return answered + declined + audit.same + audit.other + shadow.same + shadow.other;
}
