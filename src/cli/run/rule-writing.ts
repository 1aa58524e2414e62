/** `--with-model`: a model is asked for a rule beside the learners, by the providers and within the budget of this machine. */
import { type Learn, learnHere } from "../../actors/crystal/learn.ts";
import { withWriter } from "../../client/rule-writer.ts";
import { usage } from "../../client/usage.ts";
import { TIERS } from "../../models/config.ts";
import { chooseModels } from "../processes/model-choice.ts";
import type { VerbCall, VerbOption } from "../verb.ts";
import { MODEL_OPTIONS, modelOptions } from "../verbs/up.ts";

const TIMEOUT_MS = 5 * 60_000;
const TIER = "frontier";

export const WITH_MODEL_OPTIONS: readonly VerbOption[] = [
  { flags: "--with-model", about: "ask a model for a rule too; it competes with the learned one, and is proven in the same way" },
  { flags: "--tier <tier>", about: `the tier to ask (default: ${TIER})`, choices: TIERS },
  ...MODEL_OPTIONS,
];

/** How this call learns. `tell`: progress for people. */
export async function learnerOf(call: VerbCall, net: string, tell: (text: string) => void): Promise<Learn> {
  if (!call.on("withModel")) {
    const given = ["tier", "models", "answers", "record", "budget", "ollama", "pace"].find((name) => call.text(name) !== undefined);
    if (given === undefined) return learnHere;
    throw usage(`--${given} is about the model that --with-model asks`, "add --with-model, or leave it away");
  }
  const { cwd, root, env, clock, random, signal } = call.petrel;
  const { dir } = call;
  const tiers = await chooseModels({
    ...{ options: modelOptions(call, "live"), roots: [dir, cwd], dir, cwd, root, env, clock },
    random: () => random(),
  });
  return withWriter(learnHere, {
    ...{ tiers, tier: call.text("tier") ?? TIER, signal, timeoutMs: TIMEOUT_MS, key: `rule/${net}/${clock.now()}` },
    onAsk: (round, of) => tell(`asking a model for a rule (${round} of ${of} times at most)`),
  });
}
