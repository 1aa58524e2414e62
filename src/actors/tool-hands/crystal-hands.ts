/**
 * The stages of crystallization as a persona leads through them: the same as from the command line, with less in its hands.
 *
 * H1 It says yes for nobody: a rule answers after people at a gate, or the net's policy, have said so. H2 Its own step is none of its
 * business. H3 The same call twice, after a master has died, does what it did once.
 */
import { isoTime } from "../../contract/clock.ts";
import { Refused, Terminal } from "../../contract/errors.ts";
import type { Json, JsonObject } from "../../contract/json.ts";
import type { Proposal, Shown } from "../../crystallize/crystallize.ts";
import { nearestHint } from "../../net/check-nearest.ts";
import type { CompiledNet, CompiledTransition } from "../../net/compiled-net.ts";
import { type CompiledCrystal, ruleId } from "../../net/crystal/compiled.ts";
import { policyOf, stepPolicy } from "../../net/crystal/definition.ts";
import { recordOf, standingRule } from "../../net/crystal/state.ts";
import { ruleWords } from "../../net/crystal/words.ts";
import { printRule } from "../../net/rule/print-rule.ts";
import type { CrystalHands } from "../../tools/hands.ts";
import { CRYSTAL_VERBS, tellStage } from "../crystal/crystal-verbs.ts";
import { candidatesOf, crystalFrom, liveOf } from "../crystal/learning.ts";
import { judgingNote, learningNotes, writingNote } from "../crystal/learning-notes.ts";
import { type ModelWish, StudyModels } from "../crystal/study-models.ts";
import type { ToolRoom } from "./tool-room.ts";

const MOST_SHOWN = 4;

export function crystalHands(room: ToolRoom): CrystalHands {
  const { term, persona, firing, clock } = room;
  const by = { user: persona.persona, roles: [] };
  const netNow = (): CompiledNet => {
    if (term.net) return term.net;
    throw new Terminal({ code: "no-definition", message: `the net ${term.state.net} runs no definition yet` });
  };
  const policy = (transition: string) =>
    stepPolicy(policyOf(netNow().source.crystallize, term.ports.crystallize), netNow().transitions.get(transition)?.definition);
  const tell = (stage: string, about: JsonObject, summary: string, found: JsonObject) =>
    tellStage(term, { stage, ...about, summary, found, by: persona.persona });
  const stepNow = (transition: string): CompiledTransition => {
    const known = modelStep(netNow(), transition);
    return { ...known, crystal: standingRule(term.state, known) };
  };
  const settle = (body: JsonObject) => CRYSTAL_VERBS["crystal-settle"]?.(term, { base: netNow().version, ...body, by });
  const studied = async (transition: string, write: ModelWish["write"]): Promise<Proposal> => {
    const { crystal } = stepNow(transition);
    const [step] = await term.crystals.histories.of(netNow(), transition);
    const record = crystal && recordOf(term.state, transition, crystal.id);
    const live = crystal?.definition.mode === "live" && !record?.demoted ? liveOf(crystal, record) : undefined;
    const models = new StudyModels(term, transition, room.signal);
    try {
      const proposal = await models.learn(policy(transition), { write })(step ?? { examples: [] }, policy(transition), live);
      const { judged, written } = proposal;
      if (judged) await tellStage(term, { stage: "proven", transition, by: persona.persona, ...judgingNote(transition, judged) });
      if (written) await tellStage(term, { stage: "learned", transition, by: persona.persona, ...writingNote(transition, written) });
      return proposal;
    } finally {
      models.end();
    }
  };
  const mine = (transition: string) => {
    const step = stepNow(transition);
    if (transition !== firing.transition) return step;
    throw new Refused({
      code: "own-step",
      message: `${transition} is the step that ${persona.persona} works in`,
      hint: "petrel crystallize",
    });
  };

  return {
    async candidates() {
      const found = candidatesOf(await term.crystals.histories.of(netNow()));
      const firings = found.reduce((sum, { asked }) => sum + asked, 0);
      const summary = `${persona.persona} looked through ${firings} firings of ${found.length} step${found.length === 1 ? " that asks" : "s that ask"} a model.`;
      await tell("candidates", {}, summary, { candidates: found as unknown as Json });
      return found.map((one) => ({ ...one, mode: modeOf(stepNow(one.transition)) }) as unknown as JsonObject);
    },
    async learn(transition, withModel) {
      const proposal = await studied(transition, withModel ? "ask" : "no");
      for (const { stage, summary, found } of learningNotes(transition, proposal)) await tell(stage, { transition }, summary, found);
      return told(transition, proposal);
    },
    show(transition) {
      return shown(room, stepNow(transition));
    },
    async shadow(transition, firings, withModel) {
      const { crystal } = mine(transition);
      const wanted = policy(transition);
      if (firings !== undefined && firings < wanted.shadow) {
        const message = `${firings} firings beside the model are too few: the policy of ${term.state.net} asks for ${wanted.shadow}`;
        throw new Refused({ code: "shadow-too-short", message });
      }
      mustNotBeTakenAway(room, transition);
      // H3. Also one that people have put there.
      const there = crystal?.definition.mode === "shadow" ? { ...crystal, firings: crystal.definition.shadow } : null;
      const standing = there ?? (crystal?.next ? { ...crystal.next, firings: crystal.next.definition.shadow } : null);
      if (standing) {
        const { id: rule, definition } = standing;
        return { transition, mode: "shadow", rule, firings: standing.firings, decides: definition.promote, changed: false };
      }
      const base = netNow().version;
      const proposal = await studied(transition, withModel ? "kept" : "no");
      const made = crystalFrom(proposal, wanted, persona.persona, isoTime(clock.now()));
      if (!proposal.rule || !made)
        throw new Terminal({
          code: "nothing-learned",
          message: `no rule for ${transition}: ${proposal.reasons[0] ?? "nothing was found"}`,
        });
      if (!proposal.promotable)
        throw new Terminal({ code: "not-proven", message: `the rule for ${transition} is not proven: ${proposal.reasons.join("; ")}` });
      const rule = ruleId(proposal.rule);
      const placed = { transition, mode: "shadow", rule, firings: firings ?? wanted.shadow, decides: wanted.promote };
      for (const { stage, summary, found } of learningNotes(transition, proposal)) await tell(stage, { transition }, summary, found);
      const file = { ...made, ...(firings === undefined ? {} : { shadow: firings }) };
      const reason = `asked for in ${firing.transition}, firing ${firing.firing}`;
      await settle({ transition, action: "shadow", crystal: file as unknown as Json, base, reason });
      return { ...placed, changed: true };
    },
    promote(transition) {
      const { crystal } = mine(transition);
      if (!crystal)
        throw new Terminal({ code: "no-rule", message: `${transition} has no rule`, hint: "crystallize.learn, then crystallize.shadow" });
      return promotion(room, transition, crystal);
    },
    async undo(transition, reason) {
      // H3.
      if (!mine(transition).crystal) return { transition, mode: "none", changed: false };
      await settle({ transition, action: "undo", reason });
      return { transition, mode: "none", changed: true };
    },
  };
}

/** H1. What people or drift have taken away, people bring back. */
function mustNotBeTakenAway({ term }: ToolRoom, transition: string): void {
  const record = term.state.crystals.get(transition);
  if (!record || (record.mode !== "off" && !record.demoted)) return;
  const why = record.demoted ? `was demoted: ${record.demoted.reason}` : "was taken away";
  const hint = `people begin again: petrel crystallize shadow ${term.state.net} ${transition}`;
  throw new Refused({ code: "taken-away", message: `the rule of ${transition} ${why}`, hint });
}

/** H1. */
function promotion({ term }: ToolRoom, transition: string, { id, definition, next }: CompiledCrystal): JsonObject {
  const record = recordOf(term.state, transition, id);
  if (record?.demoted) {
    const message = `the rule of ${transition} was demoted: ${record.demoted.reason}`;
    throw new Refused({ code: "rule-demoted", message, hint: `people are asked at the gate crystal-${transition}` });
  }
  if (definition.mode === "off") {
    throw new Refused({ code: "rule-off", message: `the rule of ${transition} is off`, hint: "crystallize.shadow begins again" });
  }
  const { approvers = ["role:maintainer"], promote, shadow } = next?.definition ?? definition;
  const answer = { transition, mode: definition.mode, approvers, gate: record?.notice ? `crystal-${transition}` : null };
  if (definition.mode === "live" && !next) return { ...answer, decides: "decided" };
  const { same, other } = (next ? record?.next : record?.shadow) ?? { same: 0, other: 0 };
  if (same + other >= shadow) return { ...answer, decides: promote };
  const message = `the rule of ${transition} has been beside the model for ${same + other} of ${shadow} firings`;
  const hint = promote === "policy" ? "then the net's policy decides" : `then people are asked at the gate crystal-${transition}`;
  throw new Refused({ code: "shadow-not-over", message, hint });
}

function modelStep(net: CompiledNet, name: string): CompiledTransition {
  const asks = ({ definition: { kind } }: CompiledTransition) => kind === "llm" || kind === "agent";
  const step = net.transitions.get(name);
  if (step && asks(step)) return step;
  if (step) throw new Terminal({ code: "no-model-step", message: `${name} is of kind ${step.definition.kind} and asks no model` });
  const known = [...net.transitions.values()].filter(asks).map(({ id }) => id);
  const message = `${net.definition.net} has no transition ${name.slice(0, 100)}`;
  throw new Terminal({ code: "unknown-transition", message, hint: nearestHint(name, known, "steps that ask a model") });
}

const modeOf = ({ crystal }: CompiledTransition): string => crystal?.definition.mode ?? "none";

function shown({ term }: ToolRoom, { id, crystal, definition }: CompiledTransition): JsonObject {
  const about = { transition: id, persona: definition.persona ?? null };
  if (!crystal) return { ...about, mode: "none", rule: null, says: `the model does all of ${id}` };
  const record = recordOf(term.state, id, crystal.id);
  return {
    ...{
      ...about,
      mode: record?.demoted ? "demoted" : crystal.definition.mode,
      rule: crystal.id,
      readable: printRule(crystal.definition.rule),
    },
    ...{ proof: crystal.definition.proof ?? null, says: ruleWords(crystal, record) },
    record: record
      ? { answered: record.answered, declined: record.declined, shadow: record.shadow, audit: record.audit, bad: record.bad }
      : null,
    gate: record?.notice ? `crystal-${id}` : null,
  };
}

function told(transition: string, proposal: Proposal): JsonObject {
  const { rule, learner, promotable, reasons, proof, savings, examples, answered, disagreements, declined } = proposal;
  const some = (list: readonly Shown[]) => list.slice(0, MOST_SHOWN) as unknown as Json;
  return {
    ...{ transition, learner, promotable, reasons, examples, savings, proof: (proof ?? null) as unknown as Json },
    ...{ rule: rule ? ruleId(rule) : null, readable: rule ? printRule(rule) : [] },
    ...{ answered: some(answered), disagreements: some(disagreements), declined: some(declined) },
  };
}
