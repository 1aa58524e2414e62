/**
 * What a study inside a master asks models: for a rule, where the policy or a caller wants one written, and the judge whom the equality
 * names. All of it within the net's budgets (those of the judge's persona too), and booked by the event that tells of it.
 */
import { Terminal } from "../../contract/errors.ts";
import { derivedId } from "../../contract/hash.ts";
import type { Proposal } from "../../crystallize/crystallize.ts";
import type { TierRequest, Tiers } from "../../models/tiers.ts";
import type { CrystallizePolicy } from "../../net/crystal/definition.ts";
import { judgeOf } from "../../net/rule/agree.ts";
import { type Persona, personaSchema } from "../../personas/persona-schema.ts";
import { ModelGuard } from "../model-guard.ts";
import type { PersonaBook } from "../persona-book.ts";
import type { Term } from "../term/term.ts";
import { RULE_WRITER } from "./crystal-verbs.ts";
import type { Learn } from "./learn.ts";
import { withJudge } from "./rule-judge.ts";
import { withKept, withWriter } from "./rule-writer.ts";

/** What the model that writes is asked for, where the policy names no tier. */
const TIER = "frontier";
const TIMEOUT_MS = 5 * 60_000;
const WRITER: Persona = personaSchema.parse({
  ...{ persona: RULE_WRITER, title: "Rule writer", flags: "-----", tools: [], tier: TIER },
  prompt: "Writes rules.",
});

export interface ModelWish {
  /** `ask`: where no rule is kept that a model wrote; `anew`: in any case; `kept`: that one competes, and nobody is asked. */
  write: "no" | "kept" | "ask" | "anew";
  /** Whether a model is worth asking, after what was learned. */
  wanted?(learned: Proposal): boolean;
}

export class StudyModels {
  readonly #term: Term;
  readonly #transition: string;
  readonly #signal: AbortSignal;
  readonly #guards = new Map<string, ModelGuard>();

  constructor(term: Term, transition: string, signal: AbortSignal) {
    this.#term = term;
    this.#transition = transition;
    this.#signal = signal;
  }

  /** How this study learns. Errors of the result: those of learning, of the models, and of budgets that would be crossed. */
  learn({ equality, withModel }: CrystallizePolicy, { write, wanted }: ModelWish): Learn {
    const { learn: base, crystalModels: models, clock } = this.#term.ports;
    const asks = write === "ask" || write === "anew";
    if (asks && !models && !wanted) throw new Terminal({ code: "no-model", message: "this master asks no models" });
    const tiers = models && { ...models.tiers, ask: this.#ask };
    const common = { signal: this.#signal, timeoutMs: TIMEOUT_MS, key: `rule/${this.#term.state.net}/${clock.now()}` };
    const tier = typeof withModel === "string" ? withModel : TIER;
    const writer = tiers && asks ? { ...common, tiers, tier, anew: write === "anew", ...(wanted ? { wanted } : {}) } : null;
    const learn = writer ? withWriter(base, writer) : write === "no" ? base : withKept(base);
    if (!tiers || judgeOf(equality) === null) return learn;
    return withJudge(learn, { ...common, tiers, persona: (name) => this.#judge(name) });
  }

  /** What was asked is told by now. */
  end(): void {
    for (const guard of this.#guards.values()) guard.endTold();
    this.#guards.clear();
  }

  readonly #ask: Tiers["ask"] = (tier, request, call) => this.#guardOf(request).ask(tier, request, call);

  #guardOf({ persona }: TierRequest): ModelGuard {
    return this.#guards.get(persona) ?? this.#guard(WRITER);
  }

  async #judge(name: string): Promise<Persona> {
    const persona = await latestPersona(this.#term.ports.personas, name);
    if (!this.#guards.has(name)) this.#guard(persona);
    return persona;
  }

  #guard(persona: Persona): ModelGuard {
    const { state, ports } = this.#term;
    const { crystalModels: models, clock } = ports;
    if (!models) throw new Terminal({ code: "no-model", message: "this master asks no models" });
    const firing = derivedId("f-", "study", state.net, this.#transition, persona.persona, clock.now());
    const guard = new ModelGuard({
      ...{ term: this.#term, persona, tiers: models.tiers, clock, defaults: models.budgets, hold: () => {} },
      firing: { net: state.net, transition: this.#transition, firing, attempt: 1, persona: persona.persona, correlation: firing },
    });
    this.#guards.set(persona.persona, guard);
    return guard;
  }
}

/** The newest version of a judge. Errors: Terminal `unknown-persona`. */
export async function latestPersona(book: PersonaBook, name: string): Promise<Persona> {
  const version = await book.latest(name);
  if (version !== null) return (await book.load(name, version)).persona;
  const message = `the equality names ${name} as its judge, and there is no such persona`;
  throw new Terminal({ code: "unknown-persona", message, hint: "petrel persona apply FILE" });
}
