/** One transition: its arcs, what its own expressions and templates may name, its persona, its gate. */
import type { Json } from "../contract/json.ts";
import { crystalFindings } from "./check-crystal.ts";
import { type HandFaults, handFindings } from "./check-hand.ts";
import { httpFindings } from "./check-http.ts";
import { inputFindings, inputsOf } from "./check-inputs.ts";
import { type JsonataFault, mapFindings } from "./check-map.ts";
import { checkExpression, checkTemplate, type KnownNames } from "./check-names.ts";
import { nearestHint } from "./check-nearest.ts";
import { outputFindings } from "./check-outputs.ts";
import { elementOf, type Finding, failure, warning } from "./check-problem.ts";
import { timingFindings } from "./check-timing.ts";
import { watchFindings } from "./check-watches.ts";
import type { Transition } from "./definition.ts";
import type { JsonPath } from "./locate.ts";
import type { ReadFile } from "./subnet-files.ts";

export interface CheckContext {
  /** The personas that the net may name; without it, personas are not checked. */
  personas?: ReadonlySet<string>;
  /** Without it, JSONata is not parsed. */
  jsonataFault?: JsonataFault;
  /** Without it, hands and their inputs are not checked. */
  handFaults?: HandFaults;
  /** Finds the files of sub-nets that stand in files of their own. */
  read?: ReadFile;
  /** A definition that Petrel has made: a sub-net with a log of its own. */
  derived?: boolean;
}

export function transitionFindings(name: string, transition: Transition, context: CheckContext): Finding[] {
  const path = ["transitions", name];
  const inputs = inputsOf(transition);
  const names: KnownNames = { inputs, special: [], later: [] };
  const found = inputFindings(transition, path);
  if (transition.guard !== undefined) found.push(...checkExpression(transition.guard, [...path, "guard"], names));
  for (const [field, template] of templatesOf(transition)) found.push(...checkTemplate(template, [...path, field], names));
  found.push(...mapFindings(transition, path, context.jsonataFault));
  if (transition.kind === "http") found.push(...httpFindings(transition, path, names));
  if (transition.summary !== undefined) {
    found.push(...checkTemplate(transition.summary, [...path, "summary"], { ...names, special: ["$result"] }));
  }
  found.push(...outputFindings(transition, path, inputs));
  found.push(...watchFindings(transition, path), ...timingFindings(transition, path), ...crystalFindings(transition, path));
  return [
    ...found,
    ...personaFindings(transition, path, context),
    ...gateFindings(transition, path),
    ...handFindings(transition, path, context.handFaults),
  ];
}

/** The fields that are rendered over the inputs alone. */
function templatesOf(transition: Transition): [string, Json][] {
  switch (transition.kind) {
    case "pass":
    // Its templates may name secrets too.
    case "http":
      return [];
    case "map":
      return given("value", transition.value);
    case "link":
      return given("value", transition.value);
    case "llm":
      return [["ask", transition.ask], ...given("data", transition.data)];
    case "agent":
      return [["ask", transition.ask], ...given("data", transition.data), ...given("workspace", transition.workspace)];
    case "command":
      return [...given("argv", transition.argv), ...given("input", transition.input)];
  }
}

function given(field: string, value: Json | undefined): [string, Json][] {
  return value === undefined ? [] : [[field, value]];
}

function personaFindings({ persona }: Transition, path: JsonPath, { personas }: CheckContext): Finding[] {
  if (persona === undefined || personas === undefined || personas.has(persona)) return [];
  const nearest = nearestHint(persona, [...personas].sort(), "personas");
  const hint = personas.size > 0 ? nearest : `${nearest}: petrel persona apply FILE, and petrel persona new ${persona} writes a first one`;
  return [failure("unknown-persona", [...path, "persona"], `${elementOf(path)} names persona "${persona}", which nobody declared`, hint)];
}

function gateFindings({ gate, onError }: Transition, path: JsonPath): Finding[] {
  if (!gate) return [];
  const at = [...path, "gate"];
  const found: Finding[] = [];
  const users = new Set(gate.approvers);
  if (gate.quorum > users.size && gate.approvers.every((approver) => approver.startsWith("user:"))) {
    const message = `${elementOf(path)}: the gate wants ${gate.quorum} approvals and names ${users.size} user${users.size === 1 ? "" : "s"}`;
    found.push(failure("gate-quorum", [...at, "quorum"], message, "name more approvers, or lower the quorum"));
  }
  if (gate.escalate === undefined && onError === undefined) {
    const message = `${elementOf(path)}: the gate does not say where rejected or expired work goes`;
    found.push(warning("gate-without-escalation", at, message, 'name a place in "escalate" or in "onError"'));
  }
  return found;
}
