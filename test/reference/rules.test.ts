/** A rule in a model's place, the engine against the reference: declined, in its shadow, live, audited, promoted, demoted, undone. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { nextSettling } from "../../src/actors/crystal/crystal-keeper.ts";
import { type CompiledNet, compileNet } from "../../src/net/compiled-net.ts";
import type { Crystal } from "../../src/net/crystal/definition.ts";
import { missedAuditDraft } from "../../src/net/crystal/missed-audit.ts";
import { stagesOf, withCrystal } from "../../src/net/crystal/stages.ts";
import { decideTransition } from "../../src/net/decide.ts";
import { type NetDefinition, netSchema } from "../../src/net/definition.ts";
import { foldEvents } from "../../src/net/fold.ts";
import type { Outcome } from "../../src/net/outcome.ts";
import { settleDraft } from "../../src/net/settle.ts";
import { Bench } from "../support/net-state.ts";
import { type Item, type Mode, type ModelStep, netFileOf, PLACES, RuleReference } from "./rules.ts";

const item: fc.Arbitrary<Item> = fc.record({ k: fc.nat(2), v: fc.nat(3) });
const stepArbitrary = (id: string, froms: string[]): fc.Arbitrary<ModelStep> =>
  fc
    .record({
      id: fc.constant(id),
      from: fc.constantFrom(...froms),
      not: fc.option(fc.nat(2), { nil: null, freq: 1 }),
      out: fc.constantFrom<ModelStep["out"][]>(
        [{ to: "done", below: null }],
        [
          { to: "mid", below: 1 },
          { to: "done", below: null },
        ],
        [{ to: "mid", below: 2 }],
      ),
      concurrency: fc.integer({ min: 1, max: 3 }),
      rule: fc.record({
        guard: fc.oneof(
          fc.record({ k: fc.uniqueArray(fc.nat(2), { minLength: 1 }) }),
          fc.record({ from: fc.constantFrom(0, 0, 1), to: fc.constantFrom(2, 3, 3) }),
        ),
        rows: fc.dictionary(fc.constantFrom("0", "1", "2"), fc.nat(2), { minKeys: 1, noNullPrototype: true }),
        v: fc.option(fc.nat(3), { nil: null }),
      }),
      mode: fc.constantFrom<(Mode | null)[]>("shadow", "live", "live", "off", null),
      shadow: fc.integer({ min: 1, max: 4 }),
      audit: fc.constantFrom(0.001, 0.3, 1),
      loosely: fc.boolean(),
    })
    // No work comes back: whose answers are sent back is told by other tests.
    .map((step) => ({ ...step, out: step.out.map(({ to, below }) => ({ to: to === step.from ? "done" : to, below })) }));
const stepsArbitrary = fc.tuple(stepArbitrary("ask", ["work"]), stepArbitrary("too", ["work", "mid"]));

type Move =
  | { put: Item }
  | { fire: number }
  /** `as`: what the rule says, or something else. */
  | { finish: number; as: "rule" | Item }
  | { fail: number }
  /** Its model cannot be asked. */
  | { away: number }
  | { settle: number; mode: Mode | null };
const moves: fc.Arbitrary<Move[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ put: item }) },
    { weight: 6, arbitrary: fc.record({ fire: fc.nat(1) }) },
    {
      weight: 5,
      arbitrary: fc.record({ finish: fc.nat(1), as: fc.oneof(fc.constant("rule" as const), fc.constant("rule" as const), item) }),
    },
    { weight: 1, arbitrary: fc.record({ fail: fc.nat(1) }) },
    { weight: 1, arbitrary: fc.record({ away: fc.nat(1) }) },
    { weight: 1, arbitrary: fc.record({ settle: fc.nat(1), mode: fc.constantFrom("shadow" as const, "live" as const, null) }) },
  ),
  { minLength: 20, maxLength: 70, size: "max" },
);

const seen = { answered: 0, declined: 0, shadowed: 0, audited: 0, promoted: 0, demoted: 0, undone: 0, failed: 0, missed: 0, crossed: 0 };

const AWAY = "model-unreachable";

/** The engine's side: its decisions, and what its keeper carries out, each event folded. */
class Engine {
  readonly bench: Bench;
  readonly nets = new Map<string, CompiledNet>();
  source: NetDefinition;

  constructor(steps: ModelStep[]) {
    const file = netFileOf(steps);
    this.bench = new Bench(file);
    this.source = netSchema.parse(file);
    this.edit(this.source, null);
  }
  get net(): CompiledNet {
    return this.bench.net;
  }
  /** As an owner of a net applies a file. */
  edit(source: NetDefinition, settles: { transition: string } | null): void {
    const stages = stagesOf(this.nets.size === 0 ? null : this.source, source, "ada", settles);
    const version = `v${this.nets.size + 1}`;
    this.source = source;
    this.bench.net = compileNet(source, version);
    this.nets.set(version, this.bench.net);
    this.bench.event("edited", { netVersion: version, attributes: { by: "ada", crystallized: stages } });
  }
  put(transition: string, crystal: Crystal | null): void {
    const source = withCrystal(this.source, transition, crystal);
    if (source) this.edit(source, { transition });
  }
  decide(id: string) {
    const { state, now } = this.bench;
    const transition = this.net.transitions.get(id);
    if (!transition) throw new Error(`no transition ${id}`);
    return decideTransition(state, this.net, transition, now, ({ netVersion }) => this.nets.get(netVersion) ?? null);
  }
  /** What it says of rules by itself, and the edits that follow; gives the stages. */
  follow(): string[] {
    const stages: string[] = [];
    for (let again = true; again; ) {
      again = false;
      for (const id of this.net.transitions.keys()) {
        const draft = this.decide(id);
        if (!draft || draft.type === "started" || draft.type === "fired") continue;
        this.bench.commit(draft);
        again = true;
        if (draft.type === "crystallized") stages.push(`${stageOf(draft.attributes)} ${id}`);
      }
      const edit = nextSettling(this.bench.state, this.net.transitions.values());
      if (!edit) continue;
      this.put(edit.transition, edit.crystal);
      if (edit.crystal?.mode === "live") stages.push(`promoted ${edit.transition}`);
      again = true;
    }
    return stages;
  }
  get open() {
    return [...this.bench.state.firings.values()].filter(({ gate }) => gate === null);
  }
  /** Ends the oldest open firing of the transition, under the file that it began under. */
  end(id: string, outcome: Outcome) {
    const firing = this.open.find(({ transition }) => transition === id);
    const net = this.nets.get(firing?.netVersion ?? "");
    const transition = net?.transitions.get(id);
    if (!firing || !net || !transition) throw new Error(`nothing of ${id} is open`);
    if (!outcome.ok && outcome.error.code === AWAY) {
      const running = this.net.transitions.get(id)?.crystal ?? null;
      const parts = { net, transition, firing, running };
      const missed = missedAuditDraft(this.bench.state, parts, outcome.error, () => true, this.bench.now);
      if (missed) return this.bench.commit(missed);
    }
    return this.bench.commit(settleDraft(this.bench.state, net, transition, firing, outcome, this.bench.now, 0.5));
  }
}
const stageOf = (attributes: object | undefined) =>
  (attributes as { crystallized?: { stage: string }[] } | undefined)?.crystallized?.[0]?.stage ?? "";

function agree(engine: Engine, reference: RuleReference, steps: ModelStep[]): void {
  const { state } = engine.bench;
  for (const place of [...PLACES, "errors"]) {
    const there = [...(state.places.get(place)?.values() ?? [])].map(({ token }) => (place === "errors" ? "error" : token.data));
    expect({ place, there }).toEqual({ place, there: reference.places[place]?.map(({ data }) => data) });
  }
  const disagreements = [...(state.places.get("disagreements")?.values() ?? [])].map(({ token }) => token.data as { about: string });
  expect(disagreements.filter(({ about }) => about === "disagreement")).toHaveLength(reference.disagreements);
  expect(engine.open).toHaveLength(reference.open.length);
  for (const step of steps) {
    const mode = engine.net.transitions.get(step.id)?.crystal?.definition.mode ?? null;
    expect({ id: step.id, mode }).toEqual({ id: step.id, mode: reference.modes[step.id] });
    const record = state.crystals.get(step.id);
    const { answered, declined, shadow, audit } = reference.countsOf(step) ?? {};
    const counts = record && { answered: record.answered, declined: record.declined, shadow: record.shadow, audit: record.audit };
    if (reference.countsOf(step)) expect(counts).toEqual({ answered, declined, shadow, audit });
    expect(record?.demoted != null).toBe(reference.countsOf(step)?.demoted ?? false);
    expect(engine.decide(step.id) !== null).toBe(reference.may(step) !== "nothing");
  }
}

/** What the engine says of rules by itself is what the reference says, or may say. */
function followed(engine: Engine, reference: RuleReference, steps: ModelStep[]): void {
  const stages = engine.follow();
  for (const step of steps) {
    const { promoted, demoted } = reference.follows(step);
    const did = { promoted: stages.includes(`promoted ${step.id}`), demoted: stages.includes(`demoted ${step.id}`) };
    if (demoted === "no" || (demoted === "may" && !did.demoted))
      expect({ ...did, id: step.id }).toEqual({ id: step.id, promoted, demoted: false });
    else expect({ ...did, id: step.id }).toEqual({ id: step.id, promoted: false, demoted: true });
    if (did.promoted) reference.settle(step, "live");
    if (did.demoted) reference.demote(step);
    seen.promoted += Number(did.promoted);
    seen.demoted += Number(did.demoted);
  }
}

/** `against`: what should be as the rule says is something else, as if the world had changed. */
function play(steps: ModelStep[], made: Move[], against: boolean): void {
  const engine = new Engine(steps);
  const reference = new RuleReference(steps);
  for (const step of steps) if (step.mode === "shadow" || step.mode === "live") reference.settle(step, step.mode);
  const at = (index: number) => steps[index] as ModelStep;
  for (const move of made) {
    if ("put" in move) {
      engine.bench.put("work", { ...move.put });
      reference.put("work", move.put);
    } else if ("fire" in move) fire(engine, reference, at(move.fire));
    else if ("settle" in move) settle(engine, reference, at(move.settle), move.mode);
    else if ("away" in move) finish(engine, reference, at(move.away), null, against, AWAY);
    else finish(engine, reference, at("finish" in move ? move.finish : move.fail), "finish" in move ? move.as : null, against);
    followed(engine, reference, steps);
    agree(engine, reference, steps);
  }
  for (const step of steps) {
    const { answered = 0, declined = 0, shadow, audit } = reference.countsOf(step) ?? {};
    seen.answered += answered;
    seen.declined += declined;
    seen.shadowed += (shadow?.same ?? 0) + (shadow?.other ?? 0);
    seen.audited += (audit?.same ?? 0) + (audit?.other ?? 0);
  }
  once(engine);
}

function fire(engine: Engine, reference: RuleReference, step: ModelStep): void {
  const may = reference.may(step);
  const draft = engine.decide(step.id);
  const did = draft === null ? "nothing" : draft.type === "fired" ? "answers" : "asks";
  expect({ id: step.id, did }).toEqual({ id: step.id, did: may === "either" && did !== "nothing" ? did : may });
  if (draft) engine.bench.commit(draft);
  reference.fire(step, did === "asks");
}

function finish(engine: Engine, reference: RuleReference, step: ModelStep, as: "rule" | Item | null, against: boolean, code = "bad"): void {
  const open = reference.open.find((one) => one.step === step);
  if (!open) return;
  const ruled = reference.ruled(step, open.token.data) ?? { k: 0, v: 0 };
  const answer = as !== "rule" ? as : against ? { ...ruled, k: (ruled.k + 1) % 3 } : ruled;
  const error = { code, message: "it failed", outlook: "terminal" as const };
  engine.end(step.id, answer ? { ok: true, value: { ...answer } } : { ok: false, error });
  if (!answer) seen.failed += 1;
  if (open.mode !== reference.modes[step.id]) seen.crossed += 1;
  if (reference.finish(step, answer, code === AWAY)) seen.missed += 1;
}

/** People put it there, or take it away. */
function settle(engine: Engine, reference: RuleReference, step: ModelStep, mode: Mode | null): void {
  if (mode === null && reference.modes[step.id] === null) return;
  if (mode === null) seen.undone += 1;
  const crystal = netSchema.parse(netFileOf([{ ...step, mode: mode ?? "off" }])).transitions[step.id] as { crystal?: Crystal };
  engine.put(step.id, mode === null ? null : (crystal.crystal ?? null));
  reference.settle(step, mode);
}

/** Every token is made once and taken at most once, every firing ends once, and the log alone gives the same state. */
function once({ bench }: Engine): void {
  const made = bench.log.flatMap(({ produced = [] }) => produced.map(({ token }) => token.id));
  expect(new Set(made).size).toBe(made.length);
  const ends = bench.log.filter(({ type, attributes }) => type === "fired" || (type === "failed" && attributes?.final === true));
  expect(new Set(ends.map(({ firing }) => firing)).size).toBe(ends.length);
  const taken = ends.flatMap(({ consumed = [] }) => consumed.map(({ id }) => id));
  expect(new Set(taken).size).toBe(taken.length);
  for (const { attributes, produced, model } of ends) {
    const byRule = (attributes?.crystal as { by?: string } | undefined)?.by === "rule";
    for (const { token, place } of produced ?? []) if (place !== "disagreements") expect("rule" in token.from).toBe(byRule);
    if (byRule) expect(model).toBeUndefined();
  }
  const folded = foldEvents("n", bench.log);
  expect(folded.crystals).toEqual(bench.state.crystals);
  expect([...folded.places]).toEqual([...bench.state.places]);
}

it("does what the reference says of rules, with any rule, in any order", { timeout: 240_000 }, () => {
  fc.assert(
    fc.property(stepsArbitrary, moves, fc.integer({ min: 0, max: 2 }), (steps, made, world) => play(steps, made, world === 0)),
    { numRuns: 600 },
  );
  for (const [what, times] of Object.entries(seen)) expect({ what, enough: times > 10 }).toEqual({ what, enough: true });
});
