/** What a live run would ask, printed before anything is spent. Throws Terminal `no-model-key` when nothing could answer. */
import { Terminal } from "../../contract/errors.ts";
import { findOllama } from "../../models/ollama.ts";
import type { PetrelDoors } from "../doors.ts";
import type { Output } from "../output.ts";
import { chooseModels, type ModelOptions } from "./model-choice.ts";

export async function printPlan(petrel: PetrelDoors, models: ModelOptions, out: Output): Promise<void> {
  const { cwd, root, env, clock } = petrel;
  const tiers = await chooseModels({ options: { ...models, record: undefined as never }, roots: [], cwd, root, env, clock });
  const plan = tiers.plan();
  if (plan.every(({ choices }) => choices.every(({ available }) => !available))) {
    const ollama = await findOllama(clock);
    throw new Terminal({
      code: "no-model-key",
      message: "no live model can be asked: no key is set",
      hint: ollama
        ? `an Ollama answers here with ${ollama.models.slice(0, 5).join(", ")}: add --ollama ${ollama.models[0]}`
        : "set ANTHROPIC_API_KEY, OPENAI_API_KEY or OPENAI_BASE_URL",
    });
  }
  const rows = plan.map(({ tier, choices }) => [
    tier,
    choices.map(({ provider, model, available }) => `${provider}/${model}${available ? "" : " (no key)"}`).join(", then "),
  ]);
  out.say(
    `This run asks live models and stops at ${models.budgetUsd ?? "the configured number of"} USD.\n${out.table(["tier", "models"], rows)}\n`,
  );
}
