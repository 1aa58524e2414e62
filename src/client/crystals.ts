/** Crystallization for every door: the history of a net's steps, what could be learned of it, and the rules that there are. */
import * as z from "zod";
import { couldHave } from "../actors/crystal/could-have.ts";
import { RULE_WRITER } from "../actors/crystal/crystal-verbs.ts";
import { historyOf, type StepHistory } from "../actors/crystal/history.ts";
import { type Learn, learnHere } from "../actors/crystal/learn.ts";
import { type Candidate, candidatesOf, crystalFrom, liveOf } from "../actors/crystal/learning.ts";
import { judgingNote, learningNotes, writingNote } from "../actors/crystal/learning-notes.ts";
import { PersonaBook } from "../actors/persona-book.ts";
import type { Broker } from "../contract/broker.ts";
import { Terminal } from "../contract/errors.ts";
import type { Json, JsonObject } from "../contract/json.ts";
import type { Proposal } from "../crystallize/crystallize.ts";
import { equalityFault } from "../net/check-equality.ts";
import { nearestHint } from "../net/check-nearest.ts";
import { type CompiledNet, compileNet } from "../net/compiled-net.ts";
import { ruleId } from "../net/crystal/compiled.ts";
import { type Crystal, type CrystallizePolicy, crystallizeSchema, crystalSchema, policyOf, stepPolicy } from "../net/crystal/definition.ts";
import { netSchema } from "../net/definition.ts";
import type { CrystalRecord } from "../net/records.ts";
import type { Equality } from "../net/rule/agree.ts";
import { isProgram } from "../net/rule/rule.ts";
import type { Persona } from "../personas/persona-schema.ts";
import { readAnswer } from "./answers.ts";
import { askNet } from "./ask.ts";

const tally = z.looseObject({ same: z.int(), other: z.int() });
const crystalRow = z.looseObject({
  transition: z.string(),
  persona: z.string(),
  kind: z.enum(["llm", "agent"]),
  mode: z.enum(["none", "shadow", "live", "off", "demoted"]),
  rule: z.string().nullable(),
  crystal: z.unknown(),
  record: z
    .looseObject({
      next: z.looseObject({ rule: z.string(), ...tally.shape }).nullish(),
      ...{ answered: z.int(), declined: z.int(), bad: z.int(), since: z.int(), shadow: tally, audit: tally },
      missed: z.looseObject({ all: z.int(), inRow: z.int() }).optional(),
      demoted: z.looseObject({ seq: z.int(), reason: z.string() }).nullable(),
    })
    .nullable(),
  drift: z.looseObject({ drift: z.boolean() }),
  gate: z.string().nullable(),
});
const crystalsAnswer = z.looseObject({
  net: z.string(),
  version: z.string().nullable(),
  effective: crystallizeSchema,
  transitions: z.array(crystalRow),
});
export type CrystalRow = z.output<typeof crystalRow> & { definition: Crystal | null };

/** The rules of a net, one row for each step that asks a model. */
export async function crystalsOf(broker: Broker, net: string): Promise<CrystalRow[]> {
  const { transitions } = readAnswer(crystalsAnswer, await askNet(broker, net, "crystals"), "crystals");
  return transitions.map((row) => ({ ...row, definition: crystalSchema.safeParse(row.crystal).data ?? null }));
}

/** What holds for the rules of a net: its file, then the configuration of its master, then what is usual. */
export async function policyHeld(broker: Broker, net: string): Promise<CrystallizePolicy> {
  return policyOf(readAnswer(crystalsAnswer, await askNet(broker, net, "crystals"), "crystals").effective);
}

export interface Study {
  net: CompiledNet;
  /** Of the net; the equality that a step declares counts before its own. */
  policy: CrystallizePolicy;
  /** Said for this study alone. */
  equality?: Equality;
  candidates: Candidate[];
  proposals: { transition: string; proposal: Proposal; rule: string | null }[];
  /** What an equality says in vain. */
  warnings: { transition: string; message: string }[];
}
export type StudyProgress = { stage: "history"; events: number } | { stage: "learning"; transition: string; at: number; of: number };

/**
 * Stages 1 to 3, which change nothing: candidates from the log, a rule for each, its proof.
 * Without `learn` it holds its process for seconds.
 * Errors: Terminal `unknown-transition`, `no-model-step`; those of reading the log and of `learn`.
 */
export async function study(
  broker: Broker,
  name: string,
  options: { transition?: string; learn?: Learn; equality?: Equality; onProgress?(progress: StudyProgress): void } = {},
): Promise<Study> {
  const net = await runningNet(broker, name);
  if (options.transition !== undefined) mustAskModels(net, options.transition);
  const steps = await historyOf(broker, net, {
    ...(options.transition === undefined ? {} : { transition: options.transition }),
    onProgress: (events) => options.onProgress?.({ stage: "history", events }),
  });
  const policy = await policyHeld(broker, name);
  const rows = await crystalsOf(broker, name);
  const learnable = steps.filter(({ examples }) => examples.length > 0);
  const proposals: Study["proposals"] = [];
  for (const [at, step] of learnable.entries()) {
    options.onProgress?.({ stage: "learning", transition: step.transition, at: at + 1, of: learnable.length });
    const row = rows.find(({ transition }) => transition === step.transition);
    const live = row?.mode === "live" ? liveIn(net, row) : undefined;
    const wanted = stepPolicy(policy, net.transitions.get(step.transition)?.definition, options.equality);
    const proposal = await (options.learn ?? learnHere)(step, wanted, live);
    proposals.push({ transition: step.transition, proposal, rule: proposal.rule ? ruleId(proposal.rule) : null });
  }
  const { equality } = options;
  const warnings = await equalityFaults(broker, net, { policy, learnable, equality });
  return { net, policy, warnings, candidates: candidatesOf(steps), proposals, ...(equality === undefined ? {} : { equality }) };
}

/** Steps whose equality names fields that their answers do not have; that of the net is told where a step has none of them. */
async function equalityFaults(
  broker: Broker,
  net: CompiledNet,
  { policy, learnable, equality }: { policy: CrystallizePolicy; learnable: readonly StepHistory[]; equality: Equality | undefined },
): Promise<Study["warnings"]> {
  const found: Study["warnings"] = [];
  for (const { transition, persona: name } of learnable) {
    const definition = net.transitions.get(transition)?.definition;
    const wanted = stepPolicy(policy, definition, equality).equality;
    if (!definition || typeof wanted !== "object") continue;
    const persona = await storedPersona(broker, name);
    const output = persona ? ((persona.output ?? null) as Json | null) : undefined;
    const fault = equalityFault(definition, wanted, output);
    const isShared = wanted === policy.equality;
    if (fault && (fault.none || !isShared)) found.push({ transition, message: fault.message });
  }
  return found;
}

async function storedPersona(broker: Broker, name: string): Promise<Persona | null> {
  const book = new PersonaBook(broker.personaVersions, broker.artifacts);
  const version = await book.latest(name);
  return version === null ? null : (await book.load(name, version)).persona;
}

/** The rule that answers, with what the log has seen of it: a later one may take its place. */
function liveIn(net: CompiledNet, { transition, record }: CrystalRow) {
  const crystal = net.transitions.get(transition)?.crystal;
  return crystal ? liveOf(crystal, record as CrystalRecord | null) : undefined;
}

export type { StepHistory };

/** Tells the stages, so that they are events like all others. */
export async function tellStudy(broker: Broker, { net, candidates, proposals, equality }: Study, by: JsonObject): Promise<void> {
  const name = net.definition.net;
  const note = (body: object) => askNet(broker, name, "crystal-note", { ...body, by });
  const firings = candidates.reduce((sum, { asked }) => sum + asked, 0);
  await note({
    stage: "candidates",
    summary: `${String(by.user)} looked through ${firings} firings of ${candidates.length} step${candidates.length === 1 ? " that asks" : "s that ask"} a model.`,
    found: { candidates: candidates as unknown as Json },
  });
  await tellAsked(broker, { net, proposals, ...(equality === undefined ? {} : { equality }) }, by);
  for (const { transition, proposal } of proposals) {
    for (const told of learningNotes(transition, proposal)) await note({ ...told, transition });
  }
}

/** Tells what models were asked, with what it cost: also of a study that leaves nothing else behind. */
export async function tellAsked(
  broker: Broker,
  { net, proposals, equality }: Pick<Study, "net" | "proposals" | "equality">,
  by: JsonObject,
): Promise<void> {
  const note = (body: object) => askNet(broker, net.definition.net, "crystal-note", { ...body, by });
  for (const { transition, proposal } of proposals) {
    const { written, judged } = proposal;
    // Cost is booked by the name of a judge that the net declares, and of no other.
    const booked = equality === undefined ? {} : { persona: RULE_WRITER };
    if (judged) await note({ stage: "proven", transition, ...judgingNote(transition, judged), ...booked });
    if (written) await note({ stage: "learned", transition, ...writingNote(transition, written) });
  }
}

/** The rule that the history teaches, ready for its shadow. Errors: Terminal `nothing-learned`, `not-proven`. */
export function crystalOfStudy(
  { net, proposals, policy, equality }: Study,
  transition: string,
  by: string,
  at: string,
  unproven = false,
): Crystal {
  const name = net.definition.net;
  const found = proposals.find((one) => one.transition === transition)?.proposal;
  const wanted = stepPolicy(policy, net.transitions.get(transition)?.definition, equality);
  const crystal = found ? crystalFrom(found, wanted, by, at) : null;
  const see = `petrel crystallize ${name} ${transition}`;
  if (!found || !crystal) {
    const why = found?.reasons[0] ?? "its log holds no answer of a model to learn from";
    throw new Terminal({ code: "nothing-learned", message: `no rule for ${transition}: ${why}`, hint: see });
  }
  if (!found.promotable && !unproven) {
    const message = `the rule for ${transition} is not proven: ${found.reasons.join("; ")}`;
    throw new Terminal({
      code: "not-proven",
      message,
      hint: `${see} shows it; --unproven puts it into its shadow all the same, where it has no effect`,
    });
  }
  return crystal;
}

/**
 * Tells the study and puts its rule beside the model. `firings`, `audit`: absent, as the net's policy says.
 * Errors: those of `crystalOfStudy`; `unfit-answers`; `outdated-base` where the net has changed since the study.
 */
export async function putIntoShadow(
  broker: Broker,
  found: Study,
  transition: string,
  wish: { by: JsonObject; at: string; unproven: boolean; firings: number | undefined; audit: number | undefined },
): Promise<Json> {
  const { by, at, unproven, firings, audit } = wish;
  const crystal = crystalOfStudy(found, transition, String(by.user), at, unproven);
  await mustFit(broker, found, transition);
  await tellStudy(broker, found, by);
  const wanted = { ...crystal, ...(firings === undefined ? {} : { shadow: firings }), ...(audit === undefined ? {} : { audit }) };
  return askNet(broker, found.net.definition.net, "crystal-settle", {
    transition,
    action: "shadow",
    crystal: wanted as unknown as Json,
    base: found.net.version,
    by,
  });
}

/** What to answer where a rule is beside the model, or beside the one that answers: nothing is changed. Null: none is. */
export async function besideAlready(broker: Broker, net: string, transition: string): Promise<JsonObject | null> {
  const row = (await crystalsOf(broker, net)).find((one) => one.transition === transition);
  const { definition, record, mode } = row ?? {};
  const later = mode === "live" && definition?.next ? { needs: definition.next.shadow, of: record?.next } : null;
  if (!row || !definition || (mode !== "shadow" && !later)) return null;
  const { same, other } = (later ? later.of : record?.shadow) ?? { same: 0, other: 0 };
  return {
    ...{ net, changed: false, transition, mode: row.mode, rule: later ? ruleId((definition.next ?? definition).rule) : row.rule },
    ...{
      since: Number(later ? (later.of?.since ?? 0) : (record?.since ?? 0)),
      beside: same + other,
      needs: later?.needs ?? definition.shadow,
    },
  };
}

/** A rule of whose answers none could be the persona's would leave everything to the model. */
async function mustFit(broker: Broker, { net, proposals }: Study, transition: string): Promise<void> {
  const proposal = proposals.find((one) => one.transition === transition)?.proposal;
  const step = net.transitions.get(transition);
  const name = step?.definition.persona;
  if (!step || !proposal?.rule || isProgram(proposal.rule) || name === undefined) return;
  const persona = await storedPersona(broker, name);
  if (!persona) return;
  const given = [...proposal.answered, ...proposal.disagreements].flatMap(({ given: one }) => (one === undefined ? [] : [one]));
  if (given.length === 0 || given.some((value) => couldHave(persona, step, { value }))) return;
  throw new Terminal({
    code: "unfit-answers",
    message: `no answer of the rule fits the output schema of ${name}, ${JSON.stringify(given[0]).slice(0, 100)} for one: all of it would go to the model`,
    hint: `mend the rule by the \`output\` of the persona's file; petrel crystallize show ${net.definition.net} ${transition} --rule FILE shows its answers`,
  });
}

/** Errors: Terminal `unknown-net`. */
export async function runningNet(broker: Broker, name: string): Promise<CompiledNet> {
  const answer = z.looseObject({ hash: z.string().nullable(), definition: z.unknown() });
  const { hash, definition } = readAnswer(answer, await askNet(broker, name, "definition"), "definition");
  const parsed = netSchema.safeParse(definition);
  if (hash !== null && parsed.success) return compileNet(parsed.data, hash);
  throw new Terminal({ code: "unknown-net", message: `${name} has no definition yet`, hint: "petrel net apply FILE" });
}

function mustAskModels(net: CompiledNet, transition: string): void {
  const asking = [...net.transitions.values()].flatMap(({ id, definition: { kind } }) => (kind === "llm" || kind === "agent" ? [id] : []));
  if (asking.includes(transition)) return;
  const known = net.transitions.get(transition);
  const name = net.definition.net;
  if (!known) {
    const message = `${name} has no transition ${transition}`;
    throw new Terminal({ code: "unknown-transition", message, hint: nearestHint(transition, asking, "steps that ask a model") });
  }
  const message = `${transition} is of kind ${known.definition.kind} and asks no model: there is nothing to settle`;
  throw new Terminal({ code: "no-model-step", message, hint: `petrel crystallize ${name}` });
}

export function share(part: number): string {
  return `${Number((part * 100).toFixed(1))} %`;
}
