/** What this demo plays: the request, who answers, and what is said of that. */
import { usage } from "../../client/usage.ts";
import { readExamples } from "../../personas/rules/search/examples.ts";
import { modelOptions } from "../model-options.ts";
import type { ModelOptions } from "../processes/model-choice.ts";
import { readText } from "../read-file.ts";
import { HAND_WRITTEN } from "../team/report.ts";
import type { VerbCall } from "../verb.ts";
import { SABOTAGES, type Sabotage } from "./sabotage.ts";

export const REQUEST = {
  title: "Let people search notes by word, and limit how many come back",
  text: "The list of notes has grown long. People want to find notes by a word in title or text, and a client wants to ask for at most so many notes.",
};
const BY_RULES = "No model ran: rules answered, and the developer is a search; git, tests, processes and the push are real.";
const SHIPPED_EXAMPLES = "examples/functions/slug.json";

export interface Scene {
  request: { title: string; text: string };
  models: ModelOptions;
  /** Who answered, in a sentence; null for live models. */
  told: string | null;
  answers: "live" | "written by hand" | "rules";
  sabotage: Sabotage | null;
}

/** Errors: usage, where options exclude each other; Terminal `examples-invalid`, `file-unreadable`. */
export function sceneOf(call: VerbCall): Scene {
  const sabotage = sabotageOf(call);
  const models = sceneModels(call, sabotage);
  if (models.source === "rules") return { request: byExamples(call), models, told: BY_RULES, answers: "rules", sabotage: null };
  if (call.text("examples") !== undefined)
    throw usage("--examples needs the developer that searches", "petrel demo --rules --examples FILE");
  const live = models.source === "live";
  const request = sabotage?.request ? { ...REQUEST, ...sabotage.request } : REQUEST;
  return { request, models, told: live ? null : HAND_WRITTEN, answers: live ? "live" : "written by hand", sabotage };
}

function sabotageOf(call: VerbCall): Sabotage | null {
  const mode = call.text("sabotage");
  if (mode === undefined) return null;
  const other =
    ["live", "rules", "chaos", "gate"].find((name) => call.on(name)) ?? (call.text("models") === undefined ? undefined : "models");
  if (other !== undefined) throw usage(`--sabotage has its own answers and does not go with --${other}`, "use one of the two");
  return SABOTAGES.find((each) => each.mode === mode) ?? null;
}

function sceneModels(call: VerbCall, sabotage: Sabotage | null): ModelOptions {
  const pace = call.text("speed") === "full" || call.json ? (call.on("chaos") ? 500 : 0) : 1400;
  if (sabotage)
    return { source: "authored", file: `${call.petrel.root}/nets/safe-teams.answers.json`, paceMs: pace, sabotage: sabotage.mode };
  const usual = call.on("live") ? "live" : call.on("rules") ? "rules" : "recorded";
  const models = modelOptions(call, usual);
  const chosen = ["live", "rules"].find((name) => call.on(name) && models.source !== name);
  if (chosen !== undefined) throw usage(`--${chosen} and --models ${models.source} exclude each other`, "use one of the two");
  if (call.on("live") && call.on("rules")) throw usage("--live and --rules exclude each other", "use one of the two");
  if (models.source === "live") return { budgetUsd: 5, ...models };
  // At full speed a call still takes a moment where a kill is to hit the middle of one.
  return { paceMs: pace, ...models };
}

function byExamples(call: VerbCall): Scene["request"] {
  const { petrel } = call;
  const given = call.text("examples");
  const text = given === undefined ? readText(petrel.root, SHIPPED_EXAMPLES) : readText(petrel.cwd, given);
  const value = parsed(text, given ?? SHIPPED_EXAMPLES);
  const wanted = readExamples(value);
  const { $schema: _, ...examples } = value;
  return {
    title: `Write the function ${wanted.name}, as ${wanted.examples.length} examples say`,
    text: [wanted.about, `\`\`\`json\n${JSON.stringify(examples)}\n\`\`\``].filter(Boolean).join("\n\n"),
  };
}

function parsed(text: string, file: string): Record<string, never> {
  try {
    return JSON.parse(text) as Record<string, never>;
  } catch (cause) {
    throw usage(`${file} is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, `look at ${SHIPPED_EXAMPLES}`);
  }
}
