/** The checkers of net and persona files as the verbs use them, and the schemas that ship. */
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import type { JsonObject } from "../contract/json.ts";
import { netChecks } from "../executors/hand-faults.ts";
import { checkConfig, configJsonSchema } from "../models/config.ts";
import { analyseDefinition, type DefinitionAnalysis } from "../net/analysis/analyse-definition.ts";
import { analysePetriNet } from "../net/analysis/analyse-petri-net.ts";
import type { Analysis } from "../net/analysis/analysis.ts";
import { asWritten } from "../net/analysis/as-written.ts";
import type { FlagsOf } from "../net/analysis/capability-flow.ts";
import type { Limits } from "../net/analysis/limits.ts";
import type { PetriNet } from "../net/analysis/petri-net.ts";
import { readPnml } from "../net/analysis/pnml.ts";
import { writePnml } from "../net/analysis/pnml-write.ts";
import type { GrantsOf } from "../net/analysis/secret-flow.ts";
import { netFileOf } from "../net/analysis/to-definition.ts";
import { checkNetFile } from "../net/check.ts";
import { equalityFindings, type OutputOf } from "../net/check-equality.ts";
import { problemOf, problemsIn } from "../net/check-problem.ts";
import type { NetDefinition } from "../net/definition.ts";
import { netJsonSchema } from "../net/file-schema.ts";
import { parseJsonFile } from "../net/locate.ts";
import type { ReadFile } from "../net/subnet-files.ts";
import { versionOf } from "../net/version.ts";
import { checkPersonaFile } from "../personas/check-persona.ts";
import { personaJsonSchema } from "../personas/persona-schema.ts";
import type { Checked, CheckedPersona, FileProblem, PetrelDoors } from "./doors.ts";
import { configFile } from "./processes/model-choice.ts";

/** `read` finds the files of sub-nets. */
export function checkNetDoor(text: string, file: string, read?: ReadFile): Checked {
  const { definition, problems } = checkNetFile(text, file, read ? { read, ...netChecks } : netChecks);
  if (!definition || problems.some(({ severity }) => severity === "error")) return { ok: false, problems };
  return { ok: true, definition: definition as unknown as JsonObject, hash: versionOf(definition), warnings: problems };
}

export type AnalysisLimits = Limits;

/** What an analysis found, as the verbs show it. */
export interface AnalysedFile {
  /** The findings as warnings, with file, line and column where the file has them. */
  problems: FileProblem[];
  says: string[];
  /** What `--json` adds. */
  json: JsonObject;
  net: PetriNet;
  /** The net that was analysed as a PNML file. Errors: Terminal `pnml-inexpressible`. */
  pnml(): string;
}

export interface AnalysisWish {
  text: string;
  file: string;
  limits: Limits;
  flagsOf: FlagsOf;
  grantsOf?: GrantsOf;
  outputOf?: OutputOf;
}

/** `definition` is that of the checked file whose text is given. */
export function analyseNetFile(definition: JsonObject, { text, file, limits, flagsOf, grantsOf, outputOf }: AnalysisWish): AnalysedFile {
  const net = definition as unknown as NetDefinition;
  const analysis = analyseDefinition(net, limits, flagsOf, grantsOf);
  const equalities = outputOf ? equalityFindings(net, outputOf) : [];
  const problems = problemsIn([...analysis.findings, ...equalities], parseJsonFile(text, file));
  return { ...analysed(analysis, problems), pnml: () => writePnml(asWritten(analysis.net, net)) };
}

/** Errors: those of `readPnml`. */
export function analysePnmlFile(text: string, file: string, limits: Limits): AnalysedFile {
  const analysis = analysePetriNet(readPnml(text, file), limits);
  return analysed(
    analysis,
    analysis.findings.map((finding) => ({ ...problemOf(finding), file })),
  );
}

/** A P/T net as a net file. Errors: those of `readPnml`, and Terminal `pnml-inexpressible`. */
export function importPnml(text: string, file: string): JsonObject {
  return netFileOf(readPnml(text, file));
}

function analysed(analysis: Analysis | DefinitionAnalysis, problems: FileProblem[]): AnalysedFile {
  const { findings: _, says, net, ...json } = analysis;
  return { problems, says, json: { ...json, findings: problems } as unknown as JsonObject, net, pnml: () => writePnml(net) };
}

/** A model that a persona names must be one that the configuration knows; where that is unsound, it is told by itself. */
export function checkPersonaDoor(places: ConfigPlaces): (...file: Parameters<PetrelDoors["checkPersona"]>) => CheckedPersona {
  return (text, file, exists, { modelsElsewhere = false } = {}) => {
    const { config } = configAt(places);
    const { persona, problems } = checkPersonaFile(text, file, { exists, modelsElsewhere, ...(config ? { models: config } : {}) });
    if (!persona) return { ok: false, problems };
    return { ok: true, persona: persona as unknown as JsonObject, name: persona.persona, knowledge: persona.knowledge, warnings: problems };
  };
}

export function checkConfigDoor(places: ConfigPlaces): () => FileProblem[] {
  return () => configAt(places).problems;
}

type ConfigPlaces = Pick<PetrelDoors, "cwd" | "root">;

function configAt(places: ConfigPlaces): ReturnType<typeof checkConfig> {
  const path = configFile(places);
  return path === undefined ? { config: null, problems: [] } : checkConfig(readFileSync(path, "utf8"), relative(places.cwd, path));
}

export function schemaFiles(): Record<string, JsonObject> {
  return { "net.schema.json": netJsonSchema(), "persona.schema.json": personaJsonSchema(), "config.schema.json": configJsonSchema() };
}
