/** A rule in a model's place: what its schema cannot say. */
import { elementOf, type Finding, failure, warning } from "./check-problem.ts";
import type { Crystal } from "./crystal/definition.ts";
import { aliasOf, type Transition } from "./definition.ts";
import type { JsonPath } from "./locate.ts";
import { callsOf } from "./rule/program.ts";
import { ruleProblems, ruleReads } from "./rule/reads.ts";
import type { Rule } from "./rule/rule.ts";
import { toolStep } from "./rule/tool-steps.ts";

export function crystalFindings(transition: Transition, path: JsonPath): Finding[] {
  const crystal = "crystal" in transition ? transition.crystal : undefined;
  if (!crystal) return [];
  const at = [...path, "crystal"];
  const next = crystal.next ? ruleFindings(transition, crystal.next.rule, [...at, "next", "rule"], path) : [];
  return [...ruleFindings(transition, crystal.rule, [...at, "rule"], path), ...next, ...useFindings(transition, crystal, at, path)];
}

/** `at`: where the rule stands in the file. */
export function ruleFindings(transition: Transition, rule: Rule, at: JsonPath, path: JsonPath): Finding[] {
  const problems = ruleProblems(rule).map((one) =>
    failure("bad-rule", [...at, ...one.path], `${elementOf(path)}: its rule cannot be used: ${one.message}`, one.hint),
  );
  return problems.length > 0 ? problems : readFindings(transition, rule, at, path);
}

/** A rule sees the inputs by their names; another name is never there. */
function readFindings({ in: arcs }: Transition, rule: Rule, at: JsonPath, path: JsonPath): Finding[] {
  const names = new Set(arcs.filter(({ mode }) => mode === "consume" || mode === "read").map(aliasOf));
  const strange = ruleReads(rule).find((pointer) => pointer !== "" && !names.has(pointer.split("/")[1] ?? ""));
  if (strange === undefined) return [];
  const hint = names.size > 0 ? `its inputs are ${[...names].join(", ")}` : "it has no inputs";
  return [failure("rule-input", at, `${elementOf(path)}: its rule looks at "${strange}", which is no input of it`, hint)];
}

function useFindings(transition: Transition, crystal: Crystal, at: JsonPath, path: JsonPath): Finding[] {
  const found: Finding[] = [];
  const { program } = crystal.rule;
  if (program && transition.kind !== "agent") {
    const hint = "only an agent makes calls";
    found.push(failure("rule-program", [...at, "rule", "program"], `${elementOf(path)} makes no calls, and its rule has some`, hint));
  }
  if (program && transition.kind === "agent" && transition.engine !== undefined) {
    const hint = 'remove "program", or "engine"';
    const message = `${elementOf(path)}: its engine cannot go on after the calls of a program`;
    found.push(failure("rule-program", [...at, "rule", "program"], message, hint));
  }
  if (crystal.next && (program || crystal.next.rule.program)) {
    const message = `${elementOf(path)}: a program and another rule do not stand beside each other`;
    found.push(failure("next-program", [...at, "next"], message, 'remove "next"', "key"));
  }
  const commands = program ? callsOf(program).filter(({ node }) => toolStep(node.tool)?.kind === "command").length : 0;
  // A command begins in an empty folder, as the session of such an agent does.
  const isEmpty = transition.kind === "agent" && Object.keys(transition.workspace ?? {}).length === 0;
  if (transition.kind === "agent" && transition.workspace !== undefined && !(isEmpty && commands > 0)) {
    const hint = 'remove "crystal", or "workspace"';
    found.push(failure("rule-workspace", at, `${elementOf(path)} works on files, which a rule cannot do`, hint, "key"));
  }
  if (crystal.next && crystal.mode !== "live") {
    const message = `${elementOf(path)}: a later rule stands beside one that does not answer`;
    found.push(failure("next-without-live", [...at, "next"], message, 'make it "rule", or remove it', "key"));
  }
  if (crystal.mode === "live" && crystal.proof === undefined) {
    const message = `${elementOf(path)}: its rule answers in the model's place, and nothing says that it was proven`;
    found.push(warning("unproven-rule", [...at, "mode"], message, 'begin with "mode": "shadow"'));
  }
  return found;
}
