/**
 * A program: the calls that an agent always makes for such an input, as a tree. Each call's input is made of the firing's input and of
 * the answers so far, which go by `$1`, `$2` and so on; what an answer must look like for the program to go on stands beside the call.
 */
import * as z from "zod";
import type { Json, JsonObject } from "../../contract/json.ts";
import { type Answer, answerSchema, evaluateAnswer } from "./answer.ts";
import { type Condition, conditionSchema, holds } from "./condition.ts";
import { printCondition } from "./print-condition.ts";

export type Program = CallNode | ChooseNode | EndNode;
export interface CallNode {
  do: "call";
  tool: string;
  input: Answer;
  expects: Condition[];
  /** On how many examples it rests. */
  seen?: number | undefined;
  next: Program;
}
export interface ChooseNode {
  do: "choose";
  by: Answer;
  ways: { way: string; next: Program }[];
}
export interface EndNode {
  do: "end";
  answer: Answer;
}

const toolName = z.string().regex(/^[a-z][a-z0-9._-]{0,63}$/, "a tool is named like http.get");
export const programSchema: z.ZodType<Program> = z.lazy(() =>
  z.discriminatedUnion("do", [
    z.strictObject({
      do: z.literal("call"),
      tool: toolName,
      input: answerSchema.describe("Over the inputs by name and the answers so far, `$1`, `$2`, ..."),
      expects: z.array(conditionSchema).max(200).describe("What its answer must look like; with any other the model goes on from there"),
      seen: z.int().min(0).optional().describe("On how many examples it rests"),
      next: programSchema,
    }),
    z.strictObject({
      do: z.literal("choose"),
      by: answerSchema.describe("Gives the name of the way to go"),
      ways: z
        .array(z.strictObject({ way: z.string().min(1).max(100), next: programSchema }))
        .min(1)
        .max(20),
    }),
    z.strictObject({ do: z.literal("end"), answer: answerSchema.describe("What the agent answers") }),
  ]),
);

/** Where the answer of a call stands, counted from 1. */
export function callName(number: number): string {
  return `$${number}`;
}

export type NextMove =
  | { move: "call"; node: CallNode; input: Json }
  | { move: "end"; value: Json }
  /** The model goes on from here. */
  | { move: "leave"; reason: string };

/** What comes next, with the answers that `known` holds so far. Never throws. */
export function nextMove(program: Program, known: JsonObject): NextMove {
  let at = program;
  while (at.do === "choose") {
    const chosen = evaluateAnswer(at.by, known);
    if (!chosen.ok) return { move: "leave", reason: chosen.reason };
    const way = at.ways.find((one) => one.way === chosen.value);
    if (!way) return { move: "leave", reason: `the program knows no way ${JSON.stringify(chosen.value ?? null).slice(0, 60)} from here` };
    at = way.next;
  }
  const made = evaluateAnswer(at.do === "call" ? at.input : at.answer, known);
  if (!made.ok) return { move: "leave", reason: made.reason };
  if (made.value === undefined) return { move: "leave", reason: "the program gives no value" };
  return at.do === "call" ? { move: "call", node: at, input: made.value } : { move: "end", value: made.value };
}

/** Why the program does not go on after this call's answer; null where it does. */
export function unexpected({ tool, expects }: CallNode, known: JsonObject): string | null {
  const missing = expects.find((condition) => !holds(condition, known));
  return missing ? `the answer of ${tool} is not what was expected: not ${printCondition(missing)}` : null;
}

/** Every call of the program, with its number on its way from the beginning. */
export function callsOf(program: Program, number = 1): { node: CallNode; number: number }[] {
  switch (program.do) {
    case "call":
      return [{ node: program, number }, ...callsOf(program.next, number + 1)];
    case "choose":
      return program.ways.flatMap(({ next }) => callsOf(next, number));
    case "end":
      return [];
  }
}

/** Answers and conditions of the whole program. */
export function partsOfProgram(program: Program): { answers: Answer[]; conditions: Condition[] } {
  const answers: Answer[] = [];
  const conditions: Condition[] = [];
  const visit = (node: Program): void => {
    if (node.do === "call") {
      answers.push(node.input);
      conditions.push(...node.expects);
      visit(node.next);
    } else if (node.do === "choose") {
      answers.push(node.by);
      for (const { next } of node.ways) visit(next);
    } else answers.push(node.answer);
  };
  visit(program);
  return { answers, conditions };
}
