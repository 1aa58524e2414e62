/** What people and programs ask of a net's owner about rules: to put one into its shadow, to let it answer, to drop it, how it does. */
import * as z from "zod";
import { Refused, Terminal } from "../../contract/errors.ts";
import { CATEGORY_OF } from "../../contract/event.ts";
import { canonicalJson, type Json, type JsonObject } from "../../contract/json.ts";
import type { CompiledTransition } from "../../net/compiled-net.ts";
import { type CompiledCrystal, ruleId } from "../../net/crystal/compiled.ts";
import { type Crystal, crystalSchema, type NextRule, policyOf, stepPolicy } from "../../net/crystal/definition.ts";
import { replaced, withCrystal, withoutNext } from "../../net/crystal/stages.ts";
import { recordOf, standingRule } from "../../net/crystal/state.ts";
import { judgeOf } from "../../net/rule/agree.ts";
import { isProgram } from "../../net/rule/rule.ts";
import { verdict } from "../../net/rule/watch.ts";
import { applyNet } from "../term/apply-net.ts";
import type { Term } from "../term/term.ts";

const person = z.object({ user: z.string().min(1), roles: z.array(z.string()).default([]) });
const settleBody = z.object({
  transition: z.string(),
  action: z.enum(["shadow", "promote", "undo"]),
  /** For `shadow`: the rule with its conditions. */
  crystal: crystalSchema.optional(),
  /** The version that it was learned under: refused when another runs. */
  base: z.string().optional(),
  /** Promotes before the shadow is over. */
  early: z.boolean().default(false),
  by: person,
  reason: z.string().optional(),
});
const amount = z.number().min(0);
const useSchema = z.object({
  ...{ provider: z.string(), name: z.string(), calls: z.int().min(0), inputTokens: z.int().min(0), outputTokens: z.int().min(0) },
  ...{
    costUsd: amount,
    listUsd: amount.optional(),
    cacheReadTokens: z.int().min(0).optional(),
    cacheWriteTokens: z.int().min(0).optional(),
  },
  tier: z.string().optional(),
});
/** Whom the cost of asking a model for a rule is booked on. */
export const RULE_WRITER = "rule-writer";
const noteBody = z.object({
  stage: z.enum(["candidates", "learned", "proven"]),
  transition: z.string().optional(),
  summary: z.string().min(1).max(500),
  found: z.record(z.string(), z.json()).default({}),
  /** What a model was asked for it, so that it is counted. */
  model: useSchema.optional(),
  /** Whom that is booked on. */
  persona: z.string().default(RULE_WRITER),
  by: person,
});
type SettleRequest = z.output<typeof settleBody>;

type Verb = (term: Term, body: unknown) => Promise<Json>;

export const CRYSTAL_VERBS: Record<string, Verb> = {
  crystals: async (term) => crystalsOf(term),
  "crystal-settle": async (term, body) => settle(term, settleBody.parse(body)),
  /** A stage that changes nothing, told so that everybody sees it. */
  "crystal-note": async (term, body) => {
    const { stage, transition, summary, found, by, model, persona } = noteBody.parse(body);
    if (model) mustBeAsked(term, transition, persona);
    const about = { ...(transition === undefined ? {} : { transition }), ...(model ? { model, persona } : {}) };
    await tellStage(term, { stage, ...about, summary, found, by: by.user });
    return { stage, seq: term.state.seq };
  },
};

/** Cost is booked on whom a study may have asked, and on nobody else. */
function mustBeAsked(term: Term, transition: string | undefined, persona: string): void {
  const { net, ports } = term;
  const step = transition === undefined ? null : net?.transitions.get(transition);
  const judge = judgeOf(stepPolicy(policyOf(net?.source.crystallize, ports.crystallize), step?.definition).equality);
  if ([RULE_WRITER, judge, judgeOf(step?.crystal?.definition.equality)].includes(persona)) return;
  const message = `no study of ${term.state.net} asks ${persona}: its cost cannot be booked by a note`;
  throw new Refused({ code: "not-asked", message, hint: `${RULE_WRITER}, or the judge that the equality names` });
}

interface Note {
  stage: string;
  transition?: string;
  summary: string;
  found: JsonObject;
  by: string;
  model?: z.output<typeof useSchema>;
  persona?: string;
}

/** One event that changes nothing. */
export async function tellStage(term: Term, { stage, transition, summary, found, by, model, persona }: Note): Promise<void> {
  const about = transition === undefined ? {} : { transition };
  const used = model ? { model, ...(persona === undefined ? {} : { persona }) } : {};
  await term.commit({
    ...{ category: CATEGORY_OF.crystallized, type: "crystallized", status: "info", summary: summary.slice(0, 500), ...about, ...used },
    ...(term.net ? { netVersion: term.net.version } : {}),
    attributes: { crystallized: [{ stage, ...about, by, ...found } as JsonObject] },
  });
}

/** Each `llm` and `agent` transition with its rule, and what became of it. */
function crystalsOf(term: Term): Json {
  const rows = [...(term.net?.transitions.values() ?? [])].flatMap((transition): JsonObject[] => {
    const { id, definition } = transition;
    const crystal = standingRule(term.state, transition);
    if (definition.kind !== "llm" && definition.kind !== "agent") return [];
    const record = crystal ? recordOf(term.state, id, crystal.id) : (term.state.crystals.get(id) ?? null);
    const drift = record ? verdict(record.watch) : { drift: false as const };
    return [
      {
        ...{ transition: id, persona: definition.persona, kind: definition.kind },
        // Of a rule that is gone nothing is asked, whatever became of it before.
        mode: crystal ? (record?.demoted ? "demoted" : crystal.definition.mode) : "none",
        rule: crystal?.id ?? record?.rule ?? null,
        crystal: (crystal?.definition ?? null) as unknown as Json,
        record: record as unknown as Json,
        drift: drift as unknown as Json,
        gate: crystal && record?.notice ? `crystal-${id}` : null,
      },
    ];
  });
  const declared = term.net?.source.crystallize;
  // `policy`: of the net's own file, which then does the stages by itself; `effective`: what holds for its rules.
  return {
    ...{ net: term.state.net, version: term.state.definition, policy: (declared ?? null) as unknown as Json },
    effective: policyOf(declared, term.ports.crystallize) as unknown as Json,
    transitions: rows,
  };
}

async function settle(term: Term, request: SettleRequest): Promise<Json> {
  const { state, net } = term;
  if (!net) throw new Terminal({ code: "unknown-net", message: `${state.net} has no definition yet`, hint: "petrel net apply FILE" });
  const known = mustSettle(term, net.transitions, request.transition);
  const transition = { ...known, crystal: standingRule(state, known) };
  const crystal = wanted(term, transition, request);
  if (request.action === "shadow") await mustKnowJudge(term, crystal);
  // Promoted twice, by two people say: the watch goes on, and nothing is told anew.
  if (request.action === "promote" && transition.crystal && answers(term, transition.id, transition.crystal) && !transition.crystal.next) {
    const since = recordOf(state, transition.id, transition.crystal.id)?.since ?? 0;
    // E7: the first one's event may be under way still.
    await term.loop.caughtUp();
    return { net: state.net, hash: net.version, changed: false, transition: transition.id, mode: "live", since };
  }
  if (request.action === "shadow" && transition.crystal && isBesideAlready(term, transition.id, transition.crystal, request)) {
    await term.loop.caughtUp();
    return { net: state.net, hash: net.version, ...besideAlready(term, transition.id, transition.crystal) };
  }
  const definition = withCrystal(net.source, transition.id, crystal);
  if (!definition) throw unfit(state.net, transition);
  const { by, base, reason } = request;
  const isUndo = request.action === "undo";
  const applied = await applyNet(term, {
    ...{ definition, base: base ?? net.version, by: by.user },
    settles: { transition: transition.id, ...(reason === undefined ? {} : { reason }), ...(isUndo ? { taken: true as const } : {}) },
    ...(definition.parent ? { derived: true as const } : {}),
  });
  const left = isUndo ? null : crystal;
  return { ...(applied as JsonObject), transition: transition.id, mode: left?.mode ?? "none", rule: ruleIn(left) };
}

const ruleIn = (crystal: Crystal | null): string | null => (crystal ? ruleId((crystal.next ?? crystal).rule) : null);

/** The rule that is to go beside the model is there, under the same conditions: its count goes on. */
function isBesideAlready(term: Term, id: string, crystal: CompiledCrystal, { crystal: given }: SettleRequest): boolean {
  if (!given) return false;
  const { definition } = crystal;
  const record = recordOf(term.state, id, crystal.id);
  if (record?.demoted) return false;
  const there = definition.mode === "shadow" ? definition : definition.mode === "live" ? definition.next : undefined;
  return there !== undefined && canonicalJson(conditionsOf(there)) === canonicalJson(conditionsOf(given));
}

/** All but how it came there. */
function conditionsOf(crystal: Crystal | NextRule): Json {
  const { mode: _, next: __, proof: ___, ...conditions } = crystal as Crystal;
  return JSON.parse(JSON.stringify(conditions)) as Json;
}

function besideAlready(term: Term, id: string, { id: rule, definition, next }: CompiledCrystal): JsonObject {
  const record = recordOf(term.state, id, rule);
  const { since, shadow } =
    definition.mode === "live" ? { since: record?.next?.since, shadow: record?.next } : { since: record?.since, shadow: record?.shadow };
  return {
    ...{ changed: false, transition: id, mode: definition.mode, rule: next?.id ?? rule, since: since ?? 0 },
    ...{ beside: (shadow?.same ?? 0) + (shadow?.other ?? 0), needs: (next?.definition ?? definition).shadow },
  };
}

/** A shadow whose judge is not there would wait for it without end. */
async function mustKnowJudge({ ports: { personas } }: Term, crystal: Crystal | null): Promise<void> {
  for (const equality of [crystal?.equality, crystal?.next?.equality]) {
    const judge = judgeOf(equality);
    if (judge === null || (await personas.latest(judge)) !== null) continue;
    const message = `the equality names ${judge} as its judge, and there is no such persona`;
    throw new Terminal({ code: "unknown-persona", message, hint: "petrel persona apply FILE" });
  }
}

function mustSettle(term: Term, transitions: Map<string, CompiledTransition>, name: string): CompiledTransition {
  const transition = transitions.get(name);
  if (!transition) {
    const message = `${term.state.net} has no transition ${name}`;
    throw new Terminal({ code: "unknown-transition", message, hint: `petrel crystallize ${term.state.net}` });
  }
  if (transition.definition.kind !== "llm" && transition.definition.kind !== "agent") throw unfit(term.state.net, transition);
  return transition;
}

function unfit(net: string, { id, definition }: CompiledTransition): Terminal {
  return new Terminal({
    code: "no-model-step",
    message: `${id} is of kind ${definition.kind} and asks no model: there is nothing to settle`,
    hint: `petrel crystallize ${net}`,
  });
}

/** The crystal that the transition is to have; null for none. */
function wanted(term: Term, { id, crystal }: CompiledTransition, request: SettleRequest): Crystal | null {
  const { net } = term.state;
  if (request.action === "undo") {
    // The steps of a program stay where work may be under way in them; the keeper takes them away after that.
    if (crystal && isProgram(crystal.definition.rule)) return { ...crystal.definition, mode: "off" };
    if (crystal) return null;
    throw new Terminal({
      code: "no-rule",
      message: `${id} has no rule: its model does all of it already`,
      hint: `petrel crystallize ${net} ${id}`,
    });
  }
  if (request.action === "shadow") {
    if (request.crystal && crystal && answers(term, id, crystal)) return withLater(id, crystal, request.crystal);
    const given = request.crystal ?? crystal?.definition;
    if (given) return { ...withoutNext(given), mode: "shadow" };
    throw new Terminal({ code: "no-rule", message: `no rule was given for ${id}`, hint: `petrel crystallize shadow ${net} ${id}` });
  }
  if (!crystal)
    throw new Terminal({ code: "no-rule", message: `${id} has no rule to promote`, hint: `petrel crystallize shadow ${net} ${id}` });
  if (crystal.next && answers(term, id, crystal)) {
    mayReplace(term, id, crystal, request);
    return replaced(crystal.definition);
  }
  mayPromote(term, id, crystal.definition, crystal.id, request);
  return { ...crystal.definition, mode: "live" };
}

function answers(term: Term, id: string, crystal: CompiledCrystal): boolean {
  return crystal.definition.mode === "live" && !recordOf(term.state, id, crystal.id)?.demoted;
}

/** A rule answers: the one that is given goes beside it, and it goes on answering. */
export function withLater(id: string, crystal: CompiledCrystal, given: Crystal): Crystal {
  if (ruleId(given.rule) === crystal.id) {
    const hint = "petrel crystallize show says what it leaves to the model";
    throw new Refused({ code: "same-rule", message: `the rule ${crystal.id} answers in ${id} already`, hint });
  }
  if (isProgram(crystal.definition.rule) || isProgram(given.rule)) {
    const hint = "petrel crystallize undo lets the model answer again; then the other rule can begin its shadow";
    throw new Refused({
      code: "program-beside",
      message: `a rule answers in ${id}, and a program and another rule do not stand together`,
      hint,
    });
  }
  const { mode: _, next: __, ...later } = given;
  return { ...crystal.definition, next: later };
}

function mayReplace(term: Term, id: string, { id: rule, next }: CompiledCrystal, request: SettleRequest): void {
  if (!next) return;
  mustApprove(id, next.definition.approvers, request);
  const { same, other } = recordOf(term.state, id, rule)?.next ?? { same: 0, other: 0 };
  if (same + other >= next.definition.shadow || request.early) return;
  const message = `the later rule of ${id} has been beside the one that answers for ${same + other} of ${next.definition.shadow} firings`;
  const hint = `petrel crystallize status ${term.state.net} shows how far it is; --early promotes it all the same`;
  throw new Refused({ code: "shadow-not-over", message, hint });
}

function mustApprove(id: string, approvers: readonly string[] = ["role:maintainer"], { by }: SettleRequest): void {
  const names = new Set([`user:${by.user}`, ...by.roles.map((role) => `role:${role}`)]);
  if (approvers.some((one) => names.has(one))) return;
  const message = `${by.user} may not promote the rule of ${id}: it takes ${approvers.join(" or ")}`;
  throw new Refused({ code: "not-an-approver", message, hint: "petrel crystallize promote NET TRANSITION --role ROLE" });
}

function mayPromote(term: Term, id: string, crystal: Crystal, rule: string, request: SettleRequest): void {
  mustApprove(id, crystal.approvers, request);
  const { early } = request;
  const record = recordOf(term.state, id, rule);
  const { same, other } = record?.shadow ?? { same: 0, other: 0 };
  if (record?.demoted && !early) {
    const message = `the rule of ${id} was demoted: ${record.demoted.reason}`;
    const hint = `petrel crystallize shadow ${term.state.net} ${id} --again lets it prove itself again; --early promotes it all the same`;
    throw new Refused({ code: "rule-demoted", message, hint });
  }
  if (same + other < crystal.shadow && !early) {
    const message = `the rule of ${id} has been beside the model for ${same + other} of ${crystal.shadow} firings`;
    const next =
      crystal.mode === "off"
        ? `petrel crystallize shadow ${term.state.net} ${id} --again puts it there`
        : `petrel crystallize status ${term.state.net} shows how far it is`;
    const hint = `${next}; --early promotes it all the same`;
    throw new Refused({ code: "shadow-not-over", message, hint });
  }
}
