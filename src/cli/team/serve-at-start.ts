/** A system that comes up with a team at work: the net and its personas are applied, and the user hears how to go on. */
import { netRows, readAnswer } from "../../client/answers.ts";
import { askRuntime, checkName } from "../../client/ask.ts";
import { PetrelError } from "../../contract/errors.ts";
import type { ModelOptions } from "../processes/model-choice.ts";
import { printPlan } from "../processes/model-plan.ts";
import { serveTeam, teamFile } from "../run/team-net.ts";
import type { VerbCall } from "../verb.ts";

/** To be called before anything is started: says what is wrong with the name. */
export function teamAtStart(call: VerbCall): { net: string; file: string } | null {
  const wanted = call.text("team");
  if (wanted === undefined) return null;
  const net = checkName(wanted, "net");
  return { net, file: teamFile(call.petrel, net) };
}

/** Applies what does not run yet; an edited net stays as it runs. Gives what to say of it. */
export async function serveAtStart(call: VerbCall, { file, net }: { net: string; file: string }): Promise<string> {
  const { petrel, dir } = call;
  const { broker, close } = await petrel.connect(dir, { logLevel: call.logLevel });
  try {
    const rows = readAnswer(netRows, await askRuntime(broker, "nets"), "nets");
    const { definition, note } = await serveTeam(broker, file, rows, { user: petrel.user, roles: ["maintainer"] });
    const personas = new Set(Object.values(definition.transitions).flatMap(({ persona }) => (persona ? [persona] : [])));
    return [`The net ${net} runs, with ${[...personas].join(", ")}.`, ...(note === null ? [] : [`note: ${note}`])].join("\n");
  } finally {
    await close();
  }
}

/** Which models answer here, and how a request is put. */
export async function tellTeam(call: VerbCall, net: string, models: ModelOptions): Promise<void> {
  const { petrel, out } = call;
  if (models.source === "live") {
    try {
      await printPlan(petrel, models, out);
    } catch (error) {
      if (!(error instanceof PetrelError)) throw error;
      out.say(`No request can be worked on yet: ${error.message}. Next: ${error.hint ?? "petrel doctor --models"}, and start again.`);
      out.say("The demo needs no key: npm run demo, in a clone of Petrel.");
    }
  } else
    out.say(`The answers come from ${{ recorded: "a cassette", authored: "a file", rules: "rules, not from a model" }[models.source]}.`);
  const request = `petrel run ${net} --repo ../my-project --request "Let people search orders by customer"`;
  out.say(`A request for a repository of yours, in another terminal, in this folder:\n  ${call.pasteable(request)}`);
}
