/** `petrel persona check`: all that can be wrong with persona files, before anything is applied. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { Terminal } from "../../contract/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import { parseJsonFile, problemAt } from "../../contract/json-file.ts";
import type { FileProblem } from "../doors.ts";
import { knowledgeIn } from "../knowledge-finder.ts";
import { described, readText } from "../read-file.ts";
import { EXIT, type Verb, type VerbCall } from "../verb.ts";

interface Row {
  file: string;
  persona: string;
  problems: FileProblem[];
  ok: boolean;
}

export const personaCheckVerb: Verb = {
  command: "persona check [path]",
  summary: "check a persona file, or all of a folder (default: personas)",
  details: "Every problem is said with file, line and column. Nothing is applied, and no running system is needed.",
  examples: ["petrel persona check", "petrel persona check personas/developer.json", "petrel persona check personas --json"],
  run: async (call) => {
    const rows = await checkAll(call, filesAt(call, call.optionalArg("path") ?? "personas"));
    const sound = rows.filter(({ ok }) => ok).length;
    // A tier without a model is no fault of a persona, and still none of them could work.
    const config = await call.petrel.checkConfig();
    const ok = sound === rows.length && config.length === 0;
    call.out.result({ ok, personas: rows as unknown as Json, config: config as unknown as Json }, () =>
      [
        ...config.map(described),
        ...rows.flatMap(({ problems }) =>
          problems.map((problem) => `${problem.severity === "warning" ? "warning: " : ""}${described(problem)}`),
        ),
        `${rows.length} persona file${rows.length === 1 ? "" : "s"} checked, ${sound} sound`,
      ].join("\n"),
    );
    return ok ? EXIT.ok : EXIT.failed;
  },
};

function filesAt(call: VerbCall, path: string): string[] {
  const { cwd } = call.petrel;
  const at = resolve(cwd, path);
  if (!existsSync(at) || !statSync(at).isDirectory()) return [path];
  const files = readdirSync(at)
    .filter((name) => name.endsWith(".json"))
    .sort();
  if (files.length > 0) return files.map((name) => relative(cwd, join(at, name)));
  throw new Terminal({
    code: "no-personas",
    message: `${path} holds no persona file`,
    hint: "petrel persona new tax-adviser",
    exitCode: 2,
  });
}

async function checkAll(call: VerbCall, files: string[]): Promise<Row[]> {
  const first = new Map<string, string>();
  const rows: Row[] = [];
  for (const file of files) {
    const text = readText(call.petrel.cwd, file);
    const folder = dirname(resolve(call.petrel.cwd, file));
    const checked = await call.petrel.checkPersona(text, file, knowledgeIn(folder));
    const problems: FileProblem[] = checked.ok ? [...checked.warnings] : [...checked.problems];
    const persona = nameIn(text, file);
    const twin = first.get(persona);
    if (twin !== undefined) problems.push(twice(text, file, persona, twin));
    else first.set(persona, file);
    rows.push({ file, persona, problems, ok: checked.ok && twin === undefined });
  }
  return rows;
}

function nameIn(text: string, file: string): string {
  const { value } = parseJsonFile(text, file).source;
  const name = isJsonObject(value as JsonObject) ? (value as JsonObject).persona : undefined;
  return typeof name === "string" ? name : basename(file, ".json");
}

/** Two files of one name: which of them holds would depend on who applied last. */
function twice(text: string, file: string, persona: string, twin: string): FileProblem {
  const problem = problemAt(parseJsonFile(text, file).source, ["persona"], {
    code: "persona-twice",
    message: `the persona ${persona} stands in ${twin} already`,
    hint: "Give one of them another name.",
  });
  return problem as unknown as FileProblem;
}
