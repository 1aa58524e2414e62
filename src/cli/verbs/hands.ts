/** `petrel hands ls` and `hands show`: what executors can do, and what each hand is given and gives. */
import { resolve } from "node:path";
import { usage } from "../../client/usage.ts";
import type { ExecutorPresence } from "../../contract/envelope.ts";
import type { Json, JsonObject } from "../../contract/json.ts";
import type { HandCard } from "../../executors/hand.ts";
import { handCards } from "../../executors/hand-cards.ts";
import { jsonSchemaOf } from "../../executors/hand-input.ts";
import { loadHands } from "../../executors/load-hands.ts";
import { nearestHint } from "../../net/check-nearest.ts";
import { EXIT, type Verb, type VerbCall } from "../verb.ts";

const HAND_OPTION = {
  flags: "--hand <folder...>",
  about: "with a hand of your own from this folder, as an executor would load it",
} as const;

export const handsLsVerb: Verb = {
  command: "hands ls",
  summary: "what executors can do, which flag it needs, and who of those that are there has it",
  details: "A `command` transition names a hand. Works without a running system too; then nobody is there.",
  examples: ["petrel hands ls", "petrel hands ls --json", "petrel hands ls --hand ./my-hand"],
  options: [HAND_OPTION],
  run: async (call) => {
    const present = await executorsOf(call);
    const rows = rowsOf(await cardsOf(call), present ?? []);
    call.out.result(rows as unknown as Json, () => {
      const table = call.out.table(
        ["HAND", "FLAG", "EXECUTORS", ""],
        rows.map(({ name, flag, executors, about }) => [name, flag ?? "-", executors.join(", "), about ?? "(loaded by an executor)"]),
      );
      return present === null ? `${table}\nNo system runs here, so nobody is known to have them: petrel up` : table;
    });
    return EXIT.ok;
  },
};

export const handsShowVerb: Verb = {
  command: "hands show <hand>",
  summary: "what a hand is given and gives, as JSON Schemas",
  examples: ["petrel hands show shell.run", "petrel hands show hello.greet --hand ./my-hand"],
  options: [HAND_OPTION],
  run: async (call) => {
    const cards = await cardsOf(call);
    const name = call.arg("hand");
    const card = cards.find((one) => one.name === name);
    if (!card) {
      const holders = ((await executorsOf(call)) ?? []).filter(({ hands }) => hands?.includes(name)).map((one) => one.name);
      if (holders.length > 0)
        throw usage(
          `${holders.join(" and ")} has loaded the hand ${name} from a folder, and only that folder says more`,
          `petrel hands show ${name} --hand FOLDER`,
        );
      throw usage(`there is no hand ${name}`, nearestHint(name, cards.map((one) => one.name).sort(), "hands"));
    }
    call.out.document(cardJson(card));
    return EXIT.ok;
  },
};

async function cardsOf(call: VerbCall): Promise<HandCard[]> {
  const loaded = await loadHands(call.list("hand").map((folder) => resolve(call.petrel.cwd, folder)));
  return [...handCards.values(), ...loaded];
}

/** Null: there is no system that could be asked. */
async function executorsOf(call: VerbCall): Promise<ExecutorPresence[] | null> {
  return await call.withBroker((broker) => broker.work.executors()).catch(() => null);
}

interface Row {
  name: string;
  about: string | null;
  flag: string | null;
  mode: string | null;
  executors: string[];
  input: JsonObject | null;
  output: JsonObject | null;
}

function rowsOf(cards: readonly HandCard[], present: readonly ExecutorPresence[]): Row[] {
  const who = (hand: string) => present.filter(({ hands }) => hands?.includes(hand)).map(({ name }) => name);
  const known = new Set(cards.map(({ name }) => name));
  const others = [...new Set(present.flatMap(({ hands }) => hands ?? []))].filter((hand) => !known.has(hand)).sort();
  return [
    ...cards.map((card) => ({ ...(cardJson(card) as unknown as Omit<Row, "executors">), executors: who(card.name) })),
    ...others.map((name) => ({ name, about: null, flag: null, mode: null, executors: who(name), input: null, output: null })),
  ];
}

function cardJson({ name, about, flag, mode, input, output }: HandCard): JsonObject {
  const needed = typeof flag === "function" ? "by its input" : flag;
  return { name, about, flag: needed, mode, input: jsonSchemaOf(input), output: jsonSchemaOf(output) };
}
