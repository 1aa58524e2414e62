/**
 * A net that crystallizes by itself: with the policy `crystallize` in its file, its owner looks through the history after every so many
 * firings of a step, learns, proves, and puts what is good enough into its shadow. From there the log decides.
 *
 * J1 It holds nothing: how many firings there were since the last look follows from the log's own events. J2 A step whose rule was
 * taken away, by people or by drift, is left alone until somebody begins again. J3 Learning takes its time beside the net, which goes on:
 * what has become of the step meanwhile is looked at before anything is said of it.
 */
import { type Clock, isoTime } from "../../contract/clock.ts";
import { Cancelled, errorData } from "../../contract/errors.ts";
import type { NetEvent } from "../../contract/event.ts";
import type { JsonObject } from "../../contract/json.ts";
import type { Logger } from "../../contract/logger.ts";
import type { Proposal } from "../../crystallize/crystallize.ts";
import type { CompiledNet, CompiledTransition } from "../../net/compiled-net.ts";
import { type CrystallizePolicy, policyOf } from "../../net/crystal/definition.ts";
import { withCrystal } from "../../net/crystal/stages.ts";
import { applyNet } from "../term/apply-net.ts";
import type { Term } from "../term/term.ts";
import { tellStage } from "./crystal-verbs.ts";
import { historyOf, type StepHistory } from "./history.ts";
import { crystalFrom } from "./learning.ts";
import { learningNotes } from "./learning-notes.ts";

const BY = "crystallizer";

export class CrystalTender {
  readonly #term: Term;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** Transition -> firings since the last look. */
  readonly #since = new Map<string, number>();
  #busy = false;

  constructor(term: Term, { clock, logger }: { clock: Clock; logger: Logger }) {
    this.#term = term;
    this.#clock = clock;
    this.#logger = logger;
  }

  follow({ type, transition, model }: NetEvent): void {
    const policy = this.#policy();
    if (type !== "fired" || transition === undefined || !model || !policy) return;
    const since = (this.#since.get(transition) ?? 0) + 1;
    this.#since.set(transition, since);
    if (since < policy.every || this.#busy || !this.#isOpen(transition, policy)) return;
    this.#since.set(transition, 0);
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

  #policy(): CrystallizePolicy | undefined {
    const { net, state, loop } = this.#term;
    if (loop.isOver || state.killed || !net?.source.crystallize) return undefined;
    return policyOf(net.source.crystallize, this.#term.ports.crystallize);
  }

  /** J2. */
  #isOpen(id: string, policy: CrystallizePolicy): boolean {
    const { net, state } = this.#term;
    const transition = net?.transitions.get(id);
    if (!transition || transition.crystal || !asksModel(transition)) return false;
    return (policy.transitions?.includes(id) ?? true) && !state.crystals.has(id);
  }

  async #look(transition: string, policy: CrystallizePolicy): Promise<void> {
    const { net, ports } = this.#term;
    if (!net) return;
    const [step] = await historyOf(ports.broker, net, { transition });
    if (!step || step.examples.length < policy.least) return;
    const proposal = await this.#learned(step, policy);
    if (!proposal || !this.#policy() || !this.#isOpen(transition, policy)) return;
    // J3: it was learned under another file; the next firing has it looked at again.
    if (this.#term.net?.version !== net.version) return void this.#since.set(transition, policy.every);
    const { promotable, reasons } = proposal;
    const crystal = crystalFrom(proposal, policy, BY, isoTime(this.#clock.now()));
    if (!crystal) return this.#tell(transition, "candidates", `${transition} has not settled: ${reasons[0] ?? "no rule was found"}.`, {});
    for (const { stage, summary, found } of learningNotes(transition, proposal)) await this.#tell(transition, stage, summary, found);
    if (promotable && this.#isOpen(transition, policy)) await this.#begin(net, transition, crystal, proposal.reasons[0]);
  }

  /** Null where it could not be done, which the log then tells. */
  async #learned(step: StepHistory, policy: CrystallizePolicy): Promise<Proposal | null> {
    try {
      return await this.#term.ports.learn(step, policy);
    } catch (error) {
      if (this.#term.loop.isOver || error instanceof Cancelled) return null;
      const { code, message } = errorData(error);
      const { transition } = step;
      this.#logger.warn({ err: error, net: this.#term.state.net, transition }, "a step could not be studied");
      await this.#tell(transition, "candidates", `${transition} could not be studied: ${message}.`, { failed: { code, message } });
      return null;
    }
  }

  async #begin(net: CompiledNet, transition: string, crystal: NonNullable<ReturnType<typeof crystalFrom>>, reason?: string): Promise<void> {
    const definition = withCrystal(net.source, transition, crystal);
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
