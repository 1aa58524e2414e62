/** Fields that an equality names and the answers that it compares do not have: such a field never counts, and that is a slip. */
import { isJsonObject, type Json, type JsonObject } from "../contract/json.ts";
import { nearestHint } from "./check-nearest.ts";
import { elementOf, type Finding, warning } from "./check-problem.ts";
import type { NetDefinition, Transition } from "./definition.ts";
import type { JsonPath } from "./locate.ts";
import type { Equality } from "./rule/agree.ts";

/** The output schema of a persona; null: it answers with text alone; undefined: nobody knows. */
export type OutputOf = (persona: string) => Json | null | undefined;
type Step = Extract<Transition, { kind: "llm" | "agent" }>;

/** What becomes of answers that have none of the fields. */
const COMPARED_EXACTLY = ": they are compared exactly";

/** Warnings `equality-field`, one for each equality, at its first such field. */
export function equalityFindings(net: NetDefinition, outputOf: OutputOf): Finding[] {
  const steps = stepsOf(net, [], "");
  return [...steps.flatMap(({ step, path }) => ownFindings(step, path, outputOf)), ...sharedFindings(net, steps, outputOf)];
}

/** What is to be said of one step whose equality is this one; null where nothing is. `none`: it names no field that is there. */
export function equalityFault(
  step: Transition,
  equality: Equality | undefined,
  output: ReturnType<OutputOf>,
): { message: string; none: boolean } | null {
  const missing = step.kind === "llm" || step.kind === "agent" ? missingFields(equality, answerOf(step, output)) : [];
  if (missing.length === 0) return null;
  const none = hasNone(equality, missing);
  const message = `its equality names ${listed(missing)}, which the answers of ${step.persona} do not have${none ? COMPARED_EXACTLY : ""}`;
  return { message, none };
}

/** Whether it names no field that is there. */
function hasNone(equality: Equality | undefined, missing: readonly JsonPath[]): boolean {
  if (typeof equality !== "object" || !("fields" in equality)) return false;
  const top = new Set(missing.filter(({ length }) => length === 1).map(([name]) => name));
  return Object.keys(equality.fields).every((name) => top.has(name));
}

function ownFindings(step: Step, path: JsonPath, outputOf: OutputOf): Finding[] {
  const { equality, crystal } = step;
  const said: [JsonPath, Equality | undefined][] = [
    [["equality"], equality],
    [["crystal", "equality"], crystal?.equality],
    [["crystal", "next", "equality"], crystal?.next?.equality],
  ];
  return said.flatMap(([at, one]) => {
    const answer = answerOf(step, outputOf(step.persona));
    const [first, ...more] = missingFields(one, answer);
    const fault = first && equalityFault(step, one, outputOf(step.persona));
    if (!fault) return [];
    const hint =
      more.length === 0 ? nearestHint(String(first.at(-1)), fieldsAt(answer, first.slice(0, -1)), "fields") : "see its persona's `output`";
    return [warning("equality-field", [...path, ...at, ...wayTo(first)], `${elementOf(path)}: ${fault.message}`, hint, "key")];
  });
}

/** That of the net is one for all of its steps: a field is a slip where none has it, and a step where it has none of the fields. */
function sharedFindings(net: NetDefinition, steps: readonly Placed[], outputOf: OutputOf): Finding[] {
  const { equality, transitions } = net.crystallize ?? {};
  if (typeof equality !== "object" || !("fields" in equality)) return [];
  const governed = steps.flatMap(({ step, name }) => {
    const isIn = step.equality === undefined && (transitions?.includes(name) ?? true);
    const answer = answerOf(step, outputOf(step.persona));
    return isIn && answer !== undefined ? [{ name, missing: missingFields(equality, answer) }] : [];
  });
  const [one, ...others] = governed;
  if (!one) return [];
  const nowhere = one.missing.filter((path) => others.every(({ missing }) => missing.some((other) => other.join("/") === path.join("/"))));
  const path = ["crystallize", "equality"];
  const [first] = nowhere;
  if (first) {
    const message = `"crystallize": its equality names ${listed(nowhere)}, which no step that goes by it answers with`;
    return [warning("equality-field", [...path, ...wayTo(first)], message, "see the `output` of their personas", "key")];
  }
  const without = governed.filter(({ missing }) => hasNone(equality, missing)).map(({ name }) => name);
  if (without.length === 0) return [];
  const message = `"crystallize": the answers of ${without.join(", ")} have none of the fields that its equality names${COMPARED_EXACTLY}`;
  return [warning("equality-field", path, message, '"equality" on a transition says it for that step')];
}

interface Placed {
  step: Step;
  /** As the log names it. */
  name: string;
  path: JsonPath;
}

function stepsOf(level: Pick<NetDefinition, "transitions" | "subnets">, path: JsonPath, way: string): Placed[] {
  const own = Object.entries(level.transitions).flatMap(([name, step]): Placed[] =>
    step.kind === "llm" || step.kind === "agent" ? [{ step, name: `${way}${name}`, path: [...path, "transitions", name] }] : [],
  );
  const inner = Object.entries(level.subnets ?? {}).flatMap(([name, subnet]) =>
    stepsOf(subnet, [...path, "subnets", name], `${way}${name}--`),
  );
  return [...own, ...inner];
}

const TEXT_ANSWER: JsonObject = { type: "object", properties: { text: { type: "string" } } };

/** The schema of what it answers; undefined where that may be anything. */
function answerOf(step: Step, output: ReturnType<OutputOf>): Json | undefined {
  // An agent without one ends with whatever it hands to `done`; one that may end unfinished has other answers too.
  if (step.kind === "agent") return step.unfinished === "result" ? undefined : (output ?? undefined);
  return output === null ? TEXT_ANSWER : output;
}

/** The ways to the fields that it names and the schema has not. */
function missingFields(equality: Equality | undefined, schema: Json | undefined, way: JsonPath = []): JsonPath[] {
  if (typeof equality !== "object" || !("fields" in equality)) return [];
  const known = propertiesOf(schema);
  if (known === null) return [];
  return Object.entries(equality.fields).flatMap(([name, inner]) => {
    const path = [...way, name];
    return known.has(name) ? missingFields(inner, known.get(name), path) : [path];
  });
}

/** Null where a schema does not tell all of them. */
function propertiesOf(schema: Json | undefined): Map<string, Json> | null {
  if (!isJsonObject(schema) || !isJsonObject(schema.properties)) return null;
  const isOpen = ["$ref", "allOf", "anyOf", "oneOf", "if", "patternProperties"].some((word) => schema[word] !== undefined);
  const { additionalProperties: more } = schema;
  if (isOpen || more === true || isJsonObject(more)) return null;
  return new Map(Object.entries(schema.properties) as [string, Json][]);
}

function fieldsAt(schema: Json | undefined, way: JsonPath): string[] {
  const inner = way.reduce<Json | undefined>((at, name) => propertiesOf(at)?.get(String(name)), schema);
  return [...(propertiesOf(inner)?.keys() ?? [])];
}

const wayTo = (path: JsonPath): JsonPath => path.flatMap((name) => ["fields", name]);

function listed(paths: readonly JsonPath[]): string {
  const names = paths.map((path) => `"${path.join(".")}"`);
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
