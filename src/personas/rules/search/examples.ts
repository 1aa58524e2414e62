/** Examples of a function, as a person writes them into a request: what goes in, and what must come out. */
import * as z from "zod";
import { Terminal } from "../../../contract/errors.ts";
import type { Json } from "../../../contract/json.ts";
import { canonicalJson } from "../../../contract/json.ts";

/** `cnum` and `cstr` are numbers and texts that stand in the program itself. */
export type Kind = "num" | "str" | "bool" | "nums" | "strs";
export type Value = number | string | boolean | number[] | string[];

const valueSchema = z.union([
  z.number(),
  z.string().max(500),
  z.boolean(),
  z.array(z.number()).max(200),
  z.array(z.string().max(200)).max(200),
]);
const exampleSchema = z.union([
  z.strictObject({ in: valueSchema, out: valueSchema }),
  z.strictObject({ args: z.array(valueSchema).min(1).max(4), out: valueSchema }),
]);
export const examplesSchema = z.strictObject({
  $schema: z.string().optional(),
  function: z.string().regex(/^[a-z][A-Za-z0-9]{0,40}$/, "a function's name is letters and digits, beginning with a small letter"),
  about: z.string().max(300).optional().describe("One sentence on what it does, for people"),
  examples: z.array(exampleSchema).min(1).max(60),
});
export type ExamplesFile = z.output<typeof examplesSchema>;

export interface Example {
  args: Value[];
  out: Value;
}
export interface Wanted {
  name: string;
  about: string;
  examples: Example[];
  /** Of the arguments, and of the result. */
  takes: Kind[];
  gives: Kind;
}

/** Words that JavaScript keeps for itself. */
const RESERVED = new Set(
  "await break case catch class const continue debugger default delete do else enum export extends false finally for function if import in instanceof new null return super switch static this throw true try typeof var void while with yield let arguments eval".split(
    " ",
  ),
);

/** What the file of tests calls its own. */
const OF_TESTS = new Set(["test", "assert"]);

/** Errors: Terminal `examples-invalid` says which example is wrong and how. */
export function readExamples(value: Json): Wanted {
  const parsed = examplesSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(`${issue?.path.join(".") || "the file"}: ${issue?.message ?? "is wrong"}`);
  }
  const { function: name, about = "", examples: given } = parsed.data;
  if (RESERVED.has(name)) throw invalid(`function: ${name} is a word of the language`);
  if (OF_TESTS.has(name)) throw invalid(`function: ${name} is what the tests call something else, take another name`);
  const examples = given.map((each): Example => {
    const args = "args" in each ? each.args : [each.in];
    return { args: args.map(withoutMinusZero), out: withoutMinusZero(each.out) };
  });
  const arity = examples[0]?.args.length ?? 0;
  const odd = examples.findIndex(({ args }) => args.length !== arity);
  if (odd >= 0) throw invalid(`example ${odd + 1} has ${examples[odd]?.args.length} inputs, and the first has ${arity}`);
  contradictions(examples);
  const takes = Array.from({ length: arity }, (_, at) =>
    kindOf(
      examples.map(({ args }) => args[at] as Value),
      `input ${at + 1}`,
    ),
  );
  const gives = kindOf(
    examples.map(({ out }) => out),
    "the output",
  );
  return { name, about, examples, takes, gives };
}

function contradictions(examples: Example[]): void {
  const seen = new Map<string, number>();
  for (const [index, { args, out }] of examples.entries()) {
    const key = canonicalJson(args as Json);
    const before = seen.get(key);
    if (before === undefined) seen.set(key, index);
    else if (canonicalJson(examples[before]?.out as Json) !== canonicalJson(out as Json))
      throw invalid(`examples ${before + 1} and ${index + 1} have the same input and different outputs`);
  }
}

function kindOf(values: Value[], what: string): Kind {
  const kinds = new Set(values.flatMap((value) => kindsOf(value)));
  if (kinds.size === 0) return "strs";
  const [kind] = kinds;
  if (kinds.size === 1 && kind) return kind;
  throw invalid(`${what} is sometimes ${[...kinds].map((each) => WORDS[each]).join(" and sometimes ")}`);
}

const WORDS: Record<Kind, string> = {
  num: "a number",
  str: "a text",
  bool: "true or false",
  nums: "a list of numbers",
  strs: "a list of texts",
};

function kindsOf(value: Value): Kind[] {
  if (typeof value === "number") return ["num"];
  if (typeof value === "string") return ["str"];
  if (typeof value === "boolean") return ["bool"];
  // An empty list may be one of either.
  return value.length === 0 ? [] : [typeof value[0] === "number" ? "nums" : "strs"];
}

function isNumbers(value: Value): value is number[] {
  return Array.isArray(value) && typeof value[0] === "number";
}

/** JSON writes -0 as 0, and so do the tests that are made of examples. */
function withoutMinusZero(value: Value): Value {
  if (typeof value === "number") return value + 0;
  return isNumbers(value) ? value.map((each) => each + 0) : value;
}

/** What tells values apart: JSON, but -0 is not 0, as it is not to the tests. */
export function written(value: Value | undefined): string {
  if (Object.is(value, -0)) return "-0";
  if (Array.isArray(value) && value.some((each) => Object.is(each, -0))) return `[${(value as number[]).map(written).join()}]`;
  return JSON.stringify(value) ?? "";
}

/** `slug("A b")`, as a person writes a call. */
export function callText(name: string, args: readonly Value[]): string {
  return `${name}(${args.map((each) => JSON.stringify(each)).join(", ")})`;
}

function invalid(why: string): Terminal {
  return new Terminal({
    code: "examples-invalid",
    message: `the examples cannot be used: ${why}`,
    hint: 'Write {"function": "double", "examples": [{"in": 2, "out": 4}]}, with "args": [1, 2] for several inputs.',
    exitCode: 2,
  });
}
