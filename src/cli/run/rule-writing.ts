/**
 * `--with-model`: a model is asked for a rule beside the learners. `--judge`: a persona is asked about answers in other words. Both by the
 * providers and within the budget of this machine.
 */
import { type Learn, learnHere } from "../../actors/crystal/learn.ts";
import { PersonaBook } from "../../actors/persona-book.ts";
import { withJudge } from "../../actors/crystal/rule-judge.ts";
import { withWriter } from "../../actors/crystal/rule-writer.ts";
import { usage } from "../../client/usage.ts";
import type { Broker } from "../../contract/broker.ts";
import { Terminal } from "../../contract/errors.ts";
import { TIERS } from "../../models/config.ts";
import type { Persona } from "../../personas/persona-schema.ts";
import { chooseModels } from "../processes/model-choice.ts";
import type { VerbCall, VerbOption } from "../verb.ts";
import { MODEL_OPTIONS, modelOptions } from "../verbs/up.ts";

const TIMEOUT_MS = 5 * 60_000;
const TIER = "frontier";

export const WITH_MODEL_OPTIONS: readonly VerbOption[] = [
  { flags: "--with-model", about: "ask a model for a rule too; it competes with the learned one, and is proven in the same way" },
  { flags: "--tier <tier>", about: `the tier that --with-model asks (default: ${TIER})`, choices: TIERS },
  { flags: "--judge", about: "ask the persona that the step's equality names about answers that are not equal by content" },
  ...MODEL_OPTIONS,
];

/** How this call learns. `tell`: progress for people. */
export async function learnerOf(call: VerbCall, broker: Broker, net: string, tell: (text: string) => void): Promise<Learn> {
  const [writes, judges] = [call.on("withModel"), call.on("judge")];
  if (!writes && !judges) {
    const given = ["tier", "models", "answers", "record", "budget", "ollama", "pace"].find((name) => call.text(name) !== undefined);
    if (given === undefined) return learnHere;
    throw usage(`--${given} is about the models that --with-model and --judge ask`, "add one of them, or leave it away");
  }
  const { cwd, root, env, clock, random, signal } = call.petrel;
  const { dir } = call;
  const tiers = await chooseModels({
    ...{ options: modelOptions(call, "live"), roots: [dir, cwd], dir, cwd, root, env, clock },
    random: () => random(),
  });
  const common = { tiers, signal, timeoutMs: TIMEOUT_MS, key: `rule/${net}/${clock.now()}` };
  const onAsk = (round: number, of: number) => tell(`asking a model for a rule (${round} of ${of} times at most)`);
  const learn = writes ? withWriter(learnHere, { ...common, tier: call.text("tier") ?? TIER, onAsk }) : learnHere;
  if (!judges) return learn;
  return withJudge(learn, {
    ...common,
    persona: (name) => declaredPersona(broker, name),
    onAsk: (at, of) => tell(`the judge looks at ${at} of ${of} pairs of answers`),
  });
}

async function declaredPersona(broker: Broker, name: string): Promise<Persona> {
  const book = new PersonaBook(broker.personaVersions, broker.artifacts);
  const version = await book.latest(name);
  if (version !== null) return (await book.load(name, version)).persona;
  throw new Terminal({
    code: "unknown-persona",
    message: `the equality names ${name} as its judge, and there is no such persona`,
    hint: "petrel persona apply FILE",
  });
}
