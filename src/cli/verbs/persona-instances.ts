/** More or fewer instances of a persona in a running net. */
import * as z from "zod";
import { readAnswer } from "../../client/answers.ts";
import { askNet } from "../../client/ask.ts";
import type { Json } from "../../contract/json.ts";
import { callerOf, ROLE_OPTION } from "../caller.ts";
import { EXIT, type ExitCode, type Verb, type VerbCall } from "../verb.ts";

const answer = z.looseObject({
  net: z.string(),
  persona: z.string(),
  transition: z.string(),
  before: z.int(),
  instances: z.int(),
  working: z.int(),
  hash: z.string(),
});
const TRANSITION = { flags: "--transition <name>", about: "which of its positions, when it has several" };

export const personaSpawnVerb: Verb = {
  command: "persona spawn <net> <persona>",
  summary: "let more instances of a persona work in a running net",
  details: "They compete for the same places. The net gets a new version; nothing is restarted.",
  examples: ["petrel persona spawn safe-teams developer --instances 200"],
  options: [{ flags: "--instances <n>", about: "how many there are to be in all (default: one more)" }, TRANSITION, ROLE_OPTION],
  run: (call) => change(call, "spawn"),
};

export const personaRetireVerb: Verb = {
  command: "persona retire <net> <persona>",
  summary: "let instances of a persona end their work and go",
  details: "What is under way is finished first. With none left, tokens wait until `petrel persona spawn` brings somebody back.",
  examples: ["petrel persona retire safe-teams developer", "petrel persona retire safe-teams developer --instances 2"],
  options: [{ flags: "--instances <n>", about: "how many stay (default: 0)" }, TRANSITION, ROLE_OPTION],
  run: (call) => change(call, "retire"),
};

async function change(call: VerbCall, verb: "spawn" | "retire"): Promise<ExitCode> {
  const instances = call.integer("instances", verb === "spawn" ? 1 : 0);
  const transition = call.text("transition");
  const body = {
    persona: call.arg("persona"),
    ...(instances === undefined ? {} : { instances }),
    ...(transition === undefined ? {} : { transition }),
    by: callerOf(call),
  };
  const raw = await call.withBroker((broker) => askNet(broker, call.arg("net"), verb, body));
  const done = readAnswer(answer, raw, verb);
  const busy = done.working > 0 ? `; ${done.working} at work ${verb === "retire" ? "finish first" : "go on"}` : "";
  call.out.result(
    raw as Json,
    () =>
      `${done.persona} has ${done.instances} instance${done.instances === 1 ? "" : "s"} at ${done.transition} (before: ${done.before})${busy}`,
  );
  return EXIT.ok;
}
