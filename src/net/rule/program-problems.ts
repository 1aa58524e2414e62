/** What is wrong with a program that its schema lets pass: above all, a tool that no step can stand for. */
import { isJsonObject } from "../../contract/json.ts";
import type { Answer } from "./answer.ts";
import { type CallNode, callName, callsOf, type Program } from "./program.ts";
import { noStepReason, toolStep } from "./tool-steps.ts";

const MOST_CALLS = 60;
const DEEPEST = 20;

export function programProblems(program: Program): { path: string[]; message: string; hint?: string }[] {
  const path = ["program"];
  const calls = callsOf(program);
  if (calls.length > MOST_CALLS) return [{ path, message: `a program of ${calls.length} calls; ${MOST_CALLS} are the most` }];
  if (calls.some(({ number }) => number > DEEPEST)) return [{ path, message: `more than ${DEEPEST} calls in a row` }];
  // Each would begin in an empty folder, where an agent's session goes on in the same one.
  if (mostCommands(program) > 1) return [{ path, message: "more than one command, each of which would begin in an empty folder" }];
  return calls.flatMap(({ node, number }) => {
    const why = callFault(node);
    return why === null ? [] : [{ path, message: `call ${callName(number)}: ${why}` }];
  });
}

function mostCommands(program: Program): number {
  if (program.do === "end") return 0;
  if (program.do === "choose") return Math.max(...program.ways.map(({ next }) => mostCommands(next)));
  return Number(toolStep(program.tool)?.kind === "command") + mostCommands(program.next);
}

/** Why this call cannot be a step; null where it can. */
export function callFault({ tool, input }: Pick<CallNode, "tool" | "input">): string | null {
  const step = toolStep(tool);
  if (!step || step.kind === "thinks") return noStepReason(tool) ?? `nothing happens by ${tool}`;
  const fields = fieldsOf(input);
  if (!fields) return `the input of ${tool} is no object whose fields are known`;
  const strange = Object.keys(fields).find((name) => !step.inputs.includes(name));
  if (strange !== undefined) return `its step takes no ${strange}`;
  if (step.kind === "http" && fields.url === undefined) return "it names no url";
  if (step.kind === "command" && fields.argv === undefined) return "it names no argv";
  if (tool === "http.post" && !isStructured(fields.json)) return "its json is not always an object or a list";
  return step.kind === "http" && fields.headers && headerNames(fields.headers) === null ? "its headers are not always the same ones" : null;
}

/** The fields of an input, each with the answer that makes it; null where that is not known beforehand. */
export function fieldsOf(input: Answer): Record<string, Answer> | null {
  if (input.kind === "object") return input.fields;
  if (input.kind !== "constant" || !isJsonObject(input.value)) return null;
  return Object.fromEntries(Object.entries(input.value).map(([name, value]): [string, Answer] => [name, { kind: "constant", value }]));
}

export function headerNames(headers: Answer): string[] | null {
  const fields = fieldsOf(headers);
  return fields && Object.keys(fields).every((name) => /^[A-Za-z0-9-]{1,100}$/.test(name)) ? Object.keys(fields) : null;
}

/** A step sends a text as it is, where the tool writes it as JSON. */
function isStructured(json: Answer | undefined): boolean {
  if (json?.kind === "constant") return typeof json.value === "object" && json.value !== null;
  return json?.kind === "object" || json?.kind === "list";
}
