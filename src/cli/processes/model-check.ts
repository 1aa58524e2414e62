/** `doctor --models`: one tiny call to the model of each tier. */
import { errorData } from "../../contract/errors.ts";
import { TIERS } from "../../models/config.ts";
import type { ModelCheck, PetrelDoors } from "../doors.ts";
import { chooseModels, readConfig } from "./model-choice.ts";

const PATIENCE_MS = 30_000;

export async function checkModels(petrel: PetrelDoors): Promise<ModelCheck[]> {
  const { cwd, root, env, clock } = petrel;
  const tiers = await chooseModels({ options: { source: "live" }, roots: [], cwd, root, env, clock });
  const config = readConfig({ cwd, root });
  const checks: ModelCheck[] = [];
  for (const tier of TIERS) {
    const started = clock.now();
    const model = config.tiers[tier][0]?.model ?? "?";
    const request = {
      persona: "doctor",
      system: "Answer with the word ok.",
      messages: [{ role: "user" as const, content: [{ type: "text" as const, text: "ok?" }] }],
      tools: [],
      maxOutputTokens: 256,
    };
    try {
      const { answer } = await tiers.ask(tier, request, {
        signal: petrel.signal,
        timeoutMs: PATIENCE_MS,
        key: `doctor/${tier}/${started}`,
      });
      checks.push({ tier, model: answer.model, ok: true, says: `answered in ${clock.now() - started} ms` });
    } catch (error) {
      const { message, hint } = errorData(error);
      checks.push({ tier, model, ok: false, says: message, ...(hint === undefined ? {} : { hint }) });
    }
  }
  return checks;
}
