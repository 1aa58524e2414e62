/** `--equality`: when two answers count as the same, said for one study and not in the net's file. */
import { Terminal } from "../../contract/errors.ts";
import { isJsonObject, type Json } from "../../contract/json.ts";
import { parseJsonFile, schemaProblems } from "../../contract/json-file.ts";
import { type Equality, equalitySchema } from "../../net/rule/agree.ts";
import { readText } from "../read-file.ts";
import type { VerbCall, VerbOption } from "../verb.ts";

export const EQUALITY_OPTION: VerbOption = {
  flags: "--equality <json|file>",
  about:
    'when two answers count as the same, instead of what the step or its net declares: JSON like {"fields":{"queue":"exact"}} or {"judge":"editor"}, or a file with it',
};
const HINT = '"exact", {"fields":{"queue":"exact"}}, {"tolerance":0.01}, {"text":"folded"} or {"judge":"PERSONA"}: docs/crystallization.md';
const WORDS = ["exact", "judge"];

/** Undefined: not said. Errors: Terminal `bad-equality`, at its line and column in a file; those of reading it. */
export function equalityOf(call: VerbCall): Equality | undefined {
  const said = call.text("equality");
  if (said === undefined) return undefined;
  if (WORDS.includes(said)) return said as Equality;
  const isText = /^\s*[{["]/.test(said);
  const file = isText ? "--equality" : said;
  const { source, problems } = parseJsonFile(isText ? said : readText(call.petrel.cwd, said), file);
  const [problem] = problems;
  if (problem) throw bad(problem.message, `${file}:${problem.line}:${problem.column}`);
  // A file may hold it by its name, as a transition does.
  const value: Json | undefined = isJsonObject(source.value) && "equality" in source.value ? source.value.equality : source.value;
  const { data, error } = equalitySchema.safeParse(value);
  if (data !== undefined) return data;
  const [first] = schemaProblems(source, error);
  throw bad(`${JSON.stringify(value)} says nothing of when two answers are the same`, first && `${file}:${first.line}:${first.column}`);
}

function bad(message: string, where: string | undefined): Terminal {
  return new Terminal({ code: "bad-equality", message, ...(where === undefined ? {} : { where }), hint: HINT });
}
