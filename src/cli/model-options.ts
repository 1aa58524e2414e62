/** The options of the verbs that ask models. */
import { usage } from "../client/usage.ts";
import { MISBEHAVIOURS } from "./demo/sabotage.ts";
import type { ModelOptions } from "./processes/model-choice.ts";
import type { VerbCall } from "./verb.ts";

export const OLLAMA_OPTION = { flags: "--ollama <model>", about: "ask this model of the Ollama on this machine, for every tier" } as const;

export const MODEL_OPTIONS = [
  OLLAMA_OPTION,
  {
    flags: "--models <source>",
    about: "who answers: live models, a recorded cassette, a file of authored answers, or rules without any model (default: live)",
    choices: ["live", "recorded", "authored", "rules"],
  },
  { flags: "--answers <file>", about: "the cassette, or the file of authored answers" },
  { flags: "--pace <ms>", about: "time that a recorded answer takes" },
  { flags: "--record <file>", about: "write every answer of this run into a cassette" },
  { flags: "--budget <usd>", about: "stop asking models when this much is spent (default: petrel.config.json)" },
] as const;

export function modelOptions(call: VerbCall, source: ModelOptions["source"]): ModelOptions {
  const options: ModelOptions = { source: (call.text("models") as ModelOptions["source"] | undefined) ?? source };
  const [file, record, budget, paceMs] = [call.text("answers"), call.text("record"), call.text("budget"), call.integer("pace")];
  const ollama = call.text("ollama");
  if (ollama !== undefined) options.ollama = ollama;
  const sabotage = MISBEHAVIOURS.find((mode) => mode === call.text("sabotage"));
  if (sabotage !== undefined) options.sabotage = sabotage;
  if (file !== undefined) options.file = file;
  if (record !== undefined) options.record = record;
  if (paceMs !== undefined) options.paceMs = paceMs;
  if (budget !== undefined) {
    if (!(Number(budget) >= 0)) throw usage(`--budget takes an amount in USD, not "${budget}"`, "--budget 5");
    options.budgetUsd = Number(budget);
  }
  return options;
}
