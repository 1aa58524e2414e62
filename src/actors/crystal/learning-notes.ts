/** How the stages that change nothing are told in the log: what was learned of a step, and how well it was proven. Pure. */
import type { ModelUse } from "../../contract/event.ts";
import type { Json, JsonObject } from "../../contract/json.ts";
import type { Judged, Proposal, Written } from "../../crystallize/crystallize.ts";
import { ruleId } from "../../net/crystal/compiled.ts";
import { RULE_WRITER } from "./crystal-verbs.ts";

export interface LearningNote {
  stage: "learned" | "proven";
  summary: string;
  found: JsonObject;
}

/** None where no rule was found. */
export function learningNotes(transition: string, proposal: Proposal): LearningNote[] {
  const { rule, proof, learner, examples, promotable, reasons, savings } = proposal;
  if (!rule || !proof) return [];
  const told = `it claims ${proof.covered} of ${proof.holdout} later firings and differs in ${proof.wrong}`;
  const summary = promotable
    ? `The rule for ${transition} is proven: ${told}.`
    : `The rule for ${transition} is not good enough: ${reasons[0] ?? told}.`.slice(0, 490);
  const id = ruleId(rule);
  return [
    {
      stage: "learned",
      summary: `A rule for ${transition} was learned from ${examples.good} answers: ${learner}.`,
      found: { rule: id, learner, examples },
    },
    { stage: "proven", summary, found: { rule: id, promotable, reasons, proof: { ...proof }, savings } },
  ];
}

/** A model was asked for a rule: what came of it, with what it cost. */
export function writingNote(
  transition: string,
  { rounds, outcome, model, proof, rule, seenTo }: Written,
): { summary: string; found: JsonObject; model?: ModelUse; persona: string } {
  const came = {
    none: "it wrote none that is sound",
    behind: "its rule is no better than what was learned",
    taken: "its rule is taken",
    unproven: "its rule is not good enough",
  }[outcome];
  const how =
    rounds === 0
      ? `The rule that a model wrote for ${transition} before has competed`
      : `A model was asked for a rule for ${transition}, ${rounds === 1 ? "once" : `${rounds} times`}`;
  // Kept in the log, so that later stages are about the same rule.
  const kept: JsonObject = rule ? { id: ruleId(rule), ...(rounds > 0 ? { rule: rule as unknown as Json, seenTo: seenTo ?? 0 } : {}) } : {};
  return {
    summary: `${how}: ${came}${rule ? ` (${ruleId(rule)})` : ""}.`,
    found: { written: { rounds, outcome, proof: proof ? { ...proof } : null, ...kept } },
    persona: RULE_WRITER,
    ...(model ? { model } : {}),
  };
}

/** A judge was asked whether answers in other words are the same. */
export function judgingNote(
  transition: string,
  { by, asked, open, model, unread, stopped, turnedDown }: Judged,
): { summary: string; found: JsonObject; model?: ModelUse; persona: string } {
  const of = open > asked ? ` of ${open}` : "";
  const told = [
    `${by} judged ${asked}${of} ${asked === 1 && of === "" ? "pair" : "pairs"} of answers of ${transition} that were not equal by content`,
    ...(stopped === undefined ? [] : [`it was asked no further: ${stopped}`]),
    ...(unread ? [`${unread.count} times it gave no verdict (${unread.code}): it said ${unread.said}; wanted is ${unread.wanted}`] : []),
    ...(turnedDown ? [`of ${turnedDown.asked} answers that were turned down later the rule would give ${turnedDown.same} again`] : []),
  ];
  const judged: JsonObject = {
    ...{ by, asked, open },
    ...(stopped === undefined ? {} : { stopped }),
    ...(unread ? { unread: { ...unread } } : {}),
    ...(turnedDown ? { turnedDown: { ...turnedDown } } : {}),
  };
  return { summary: `${told.join("; ")}.`.slice(0, 490), found: { judged }, persona: by, ...(model ? { model } : {}) };
}
