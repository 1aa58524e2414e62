/**
 * The journal of a durable turn loop, kept in the net's log as `step` events: what an attempt finished, the next one finds.
 *
 * J1 A step counts once its event is in the log, and none is written for an attempt that is over. J2 What a step cost stands in its
 * own event, and in no other. J3 Steps belong to one prompt: where that has changed (another version of the persona, say), they are
 * dropped and the loop begins anew.
 */
import { Cancelled } from "../contract/errors.ts";
import type { ModelUse } from "../contract/event.ts";
import { isJsonObject, type Json, type JsonObject } from "../contract/json.ts";
import type { Journal } from "../personas/turn-journal.ts";
import type { AssignedFiring } from "./term/dispatch.ts";
import { spentDraft } from "./term/spent-draft.ts";
import type { Term } from "./term/term.ts";

/** Bytes that an event carries itself. */
const INLINE = 2048;

export class StepJournal implements Journal {
  readonly #term: Term;
  readonly #firing: AssignedFiring;
  readonly #found = new Map<string, { value: Json; attempt: number }>();
  readonly #began: number;
  #workedMs = 0;

  private constructor(term: Term, firing: AssignedFiring) {
    this.#term = term;
    this.#firing = firing;
    this.#began = term.ports.clock.now();
  }

  static async open(term: Term, firing: AssignedFiring): Promise<StepJournal> {
    const journal = new StepJournal(term, firing);
    for (const step of term.state.firings.get(firing.firing)?.steps ?? []) {
      const value = await contentOf(step, term);
      if (value === undefined) {
        await journal.beginAnew("a part of its journal is gone");
        break;
      }
      journal.#found.set(String(step.name), { value, attempt: Number(step.attempt) });
      journal.#workedMs = Number(step.workedMs);
    }
    return journal;
  }

  get workedMs(): number {
    return this.#workedMs;
  }
  get isEmpty(): boolean {
    return this.#found.size === 0;
  }

  found(name: string): Json | undefined {
    return this.#found.get(name)?.value;
  }
  attemptOf(name: string): number | undefined {
    return this.#found.get(name)?.attempt;
  }
  /** Names and values, in the order in which they were finished. */
  steps(): [string, Json][] {
    return [...this.#found].map(([name, { value }]) => [name, value]);
  }

  async keep(name: string, value: Json, use?: ModelUse): Promise<void> {
    const { artifacts } = this.#term.ports.broker;
    const text = JSON.stringify(value);
    const isShort = text.length <= INLINE;
    const held: JsonObject = isShort ? { value } : { artifact: { ...(await artifacts.put(Buffer.from(text), "application/json")) } };
    const workedMs = this.#workedMs + this.#term.ports.clock.now() - this.#began;
    const { persona, attempt } = this.#firing;
    await this.#commit(`${persona} finished the step ${name}.`, { name, attempt, workedMs, ...held }, use); // J1
    this.#found.set(name, { value, attempt });
  }

  /** J3. */
  async beginAnew(reason: string): Promise<void> {
    this.#found.clear();
    this.#workedMs = 0;
    await this.#commit(`The turn loop of ${this.#firing.persona} begins anew: ${reason}.`, { anew: reason });
  }

  async #commit(summary: string, step: JsonObject, use?: ModelUse): Promise<void> {
    const { transition, persona, personaVersion, firing, attempt, correlation } = this.#firing;
    if (this.#term.state.firings.get(firing)?.attempt !== attempt) {
      // What it cost is paid all the same.
      if (use) await this.#term.commit(spentDraft(this.#firing, { model: use, tools: [] }));
      throw new Cancelled({ code: "cancelled", message: `attempt ${attempt} of ${transition} is over` });
    }
    await this.#term.commit({
      ...{ category: "tool", type: "step", status: "ok", summary },
      ...{ transition, persona, personaVersion, firing, attempt, correlation },
      ...(use ? { model: use } : {}), // J2
      attributes: { step },
    });
  }
}

/** Undefined for one whose artefact was taken away. */
async function contentOf(step: JsonObject, term: Term): Promise<Json | undefined> {
  if (!isJsonObject(step.artifact)) return step.value ?? null;
  const bytes = await term.ports.broker.artifacts.get(String(step.artifact.$artifact));
  return bytes === null ? undefined : (JSON.parse(new TextDecoder().decode(bytes)) as Json);
}
