/** Checks a persona file before it is applied: each problem with file, line and column. */
import { parseFlags } from "../contract/capability.ts";
import { Terminal } from "../contract/errors.ts";
import { isJsonObject, type Json } from "../contract/json.ts";
import { formatProblem, type JsonFile, type Problem, parseJsonFile, problemAt, schemaProblems } from "../contract/json-file.ts";
import { type KnowledgeFile, MOST_KNOWLEDGE_BYTES } from "../contract/knowledge-file.ts";
import type { Config } from "../models/config.ts";
import { namedModelFault } from "../models/named-model.ts";
import { fieldsAt } from "../net/check-fields.ts";
import { nearestHint } from "../net/check-nearest.ts";
import { toolCatalogue } from "../tools/catalogue.ts";
import { MCP_NAME } from "../tools/mcp/mcp-tools.ts";
import type { ToolDefinition } from "../tools/port.ts";
import { knowledgePart } from "./knowledge.ts";
import { schemaFault } from "./output-check.ts";
import { type PersonaFacts, readableFacts } from "./persona-facts.ts";
import { type Persona, personaSchema } from "./persona-schema.ts";

export interface CheckOptions {
  /** Whether a knowledge file, by its path relative to the persona file, is there and may be read. */
  exists(path: string): KnowledgeFile;
  /** Default: the tools that come with Petrel. */
  tools?: ReadonlyMap<string, ToolDefinition>;
  /** The configuration that a model named by the persona must be known in. */
  models?: Config;
  /** The masters that will ask it may be configured otherwise: such a model is a warning then. */
  modelsElsewhere?: boolean;
}

/** `persona` is there exactly when no problem is an error. */
export function checkPersonaFile(text: string, file: string, options: CheckOptions): { persona: Persona | null; problems: Problem[] } {
  const { source, problems } = parseJsonFile(text, file);
  if (source.value === undefined) return { persona: null, problems };
  const { value } = source;
  const hint = (key: string, path: (string | number)[]) => nearestHint(key, fieldsAt(personaSchema, value, path), "fields");
  const result = personaSchema.safeParse(value);
  const facts = readableFacts(value);
  const found = [
    ...(result.success ? [] : schemaProblems(source, result.error, hint)),
    ...nameProblems(facts, source),
    ...promptProblems(value, source),
    ...toolProblems(facts, source, options.tools ?? toolCatalogue),
    ...knowledgeProblems(facts, source, options),
    ...outputProblems(facts, source),
    ...keepProblems(facts, source),
    ...modelProblems(facts, source, options),
  ];
  const sound = result.success && !found.some(({ severity }) => severity === "error");
  return { persona: sound ? result.data : null, problems: found.sort((a, b) => a.line - b.line || a.column - b.column) };
}

/** Throws Terminal `persona-invalid` with every problem's file, line and column. */
export function parsePersona(text: string, file: string, options: CheckOptions): Persona {
  const { persona, problems } = checkPersonaFile(text, file, options);
  if (persona) return persona;
  const first = problems[0];
  const where = first ? `${first.file}:${first.line}:${first.column}` : file;
  throw new Terminal({
    code: "persona-invalid",
    message: problems.map(formatProblem).join("\n"),
    where,
    hint: `Correct ${file}.`,
    exitCode: 2,
  });
}

function nameProblems(persona: PersonaFacts, source: JsonFile): Problem[] {
  const base = source.file.split("/").at(-1) ?? "";
  if (persona.persona === undefined || !base.endsWith(".json") || base === `${persona.persona}.json`) return [];
  const message = `the file is called ${base} and the persona ${persona.persona}`;
  return [
    {
      ...problemAt(source, ["persona"], { code: "name-differs", message, hint: `Call the file ${persona.persona}.json.` }),
      severity: "warning",
    },
  ];
}

/** As inputs are written: `${task.title}`, `${$result.ok}`. A variable of a shell, `${HOME}`, is a way to speak of one. */
const INPUT = /\$\{\s*\$?[a-z][\w$]*\s*[.}[(,]/;

/** Inputs belong to a transition: what a persona's prompt names is missing, and would go to the model as it stands. */
function promptProblems(value: Json, source: JsonFile): Problem[] {
  const prompt = isJsonObject(value) && typeof value.prompt === "string" ? value.prompt : "";
  const all = prompt.match(/\$\{[^}\n]*\}/g) ?? [];
  const named = all.find((one) => INPUT.test(one)) ?? all[0];
  if (named === undefined) return [];
  const severity = INPUT.test(named) ? "error" : "warning";
  const message = `the prompt names ${named}, and a persona's prompt has no inputs: the model would read it as it stands`;
  const hint = 'Name inputs in "ask" or "data" of the transition.';
  return [{ ...problemAt(source, ["prompt"], { code: "prompt-template", message, hint }), severity }];
}

function toolProblems(persona: PersonaFacts, source: JsonFile, tools: ReadonlyMap<string, ToolDefinition>): Problem[] {
  return persona.tools.flatMap((tool, index) => {
    if (tool === undefined) return [];
    const at = ["tools", index];
    const definition = tools.get(tool);
    if (persona.tools.indexOf(tool) !== index)
      return [problemAt(source, at, { code: "tool-twice", message: `tool ${tool} is listed twice`, hint: "Remove one." })];
    // What a server offers, only its workspace knows.
    if (!definition && MCP_NAME.test(tool)) return [];
    if (!definition) {
      return [
        problemAt(source, at, {
          code: "unknown-tool",
          message: `there is no tool "${tool}"`,
          hint: `Tools are ${[...tools.keys()].join(", ")}.`,
        }),
      ];
    }
    if (persona.flags === undefined || definition.flag === null || parseFlags(persona.flags).has(definition.flag)) return [];
    const message = `tool ${tool} needs the flag ${definition.flag}, and the persona's flags are ${persona.flags}`;
    return [
      problemAt(source, at, { code: "flag-missing", message, hint: `Remove the tool, or give the persona the flag ${definition.flag}.` }),
    ];
  });
}

const NO_KNOWLEDGE: Record<Exclude<KnowledgeFile, boolean> | "missing", [code: string, says: string, hint: string]> = {
  missing: ["knowledge-missing", "is not there", "Write it beside the persona file, or remove it from the list."],
  outside: ["knowledge-outside", "is a link to a file outside the persona file's folder", "Copy the file into the folder."],
  "no-file": ["knowledge-no-file", "is a folder, or something else that is no file", "Name each file that is in it."],
  "too-large": ["knowledge-too-large", `has more than ${MOST_KNOWLEDGE_BYTES / 1024 / 1024} MB`, "Cut it into several files."],
};

function knowledgeProblems(persona: PersonaFacts, source: JsonFile, options: CheckOptions): Problem[] {
  return persona.knowledge.flatMap((path, index) => {
    if (path === undefined) return [];
    const there = options.exists(path);
    if (there === true) return [];
    const [code, says, hint] = NO_KNOWLEDGE[there || "missing"];
    return [problemAt(source, ["knowledge", index], { code, message: `knowledge file ${path} ${says}`, hint })];
  });
}

function keepProblems(persona: PersonaFacts, source: JsonFile): Problem[] {
  const files = persona.knowledge.flatMap((file) => (file === undefined ? [] : [knowledgePart(file)]));
  return (persona.context?.keep ?? []).flatMap((name, index) => {
    const isUnknown = name.startsWith("knowledge/") && !files.includes(name);
    if (!isUnknown && (name !== "lessons" || persona.memory !== undefined)) return [];
    const message = isUnknown
      ? `no knowledge file of the persona is called ${name}`
      : `the persona has no memory that lessons could come from`;
    const hint = isUnknown
      ? `Its files are ${files.join(", ") || "none"}.`
      : 'Take "lessons" out of the list, or name a place under "memory".';
    return [problemAt(source, ["context", "keep", index], { code: "unknown-part", message, hint })];
  });
}

function outputProblems(persona: PersonaFacts, source: JsonFile): Problem[] {
  if (!persona.output) return [];
  const fault = schemaFault(persona.output);
  return fault === null
    ? []
    : [
        problemAt(source, ["output"], {
          code: "output-schema",
          message: `output is no JSON Schema for an answer: ${fault}`,
          hint: 'Write a JSON Schema 2020-12 with "type": "object".',
        }),
      ];
}

function modelProblems({ model }: PersonaFacts, source: JsonFile, { models, modelsElsewhere }: CheckOptions): Problem[] {
  const fault = model === undefined || !models ? null : namedModelFault(models, model);
  if (!fault) return [];
  const problem = problemAt(source, ["model"], fault);
  return [
    modelsElsewhere ? { ...problem, severity: "warning", hint: `${fault.hint} What counts is the configuration of the masters.` } : problem,
  ];
}
