/** The whole lineage of a token, from its id alone. */

import { checkName } from "../../client/ask.ts";
import { findToken } from "../../client/history/find-token.ts";
import { lineageOf, withPrompts } from "../../client/history/lineage.ts";
import { noSuchNet } from "../../client/known-nets.ts";
import { usage } from "../../client/usage.ts";
import type { Json } from "../../contract/json.ts";
import { lineageText } from "../history/lineage-tree.ts";
import { EXIT, type Verb } from "../verb.ts";

const DEPTH = 100;
const DEEPEST = 1000;
const LIMIT = 500;

export const traceVerb: Verb = {
  command: "trace <token>",
  summary: "tell where a token came from and what became of it",
  details:
    "The beginning of an id will do where only one token has it. Each step has its transition, firing, attempts, persona and version, executor, model with tokens and cost, tool calls, prompt and people.",
  examples: ["petrel trace t-8msgb7uis30et913k82le", "petrel trace t-8msgb7 --net safe-teams --prompts", "petrel trace t-8msgb7 --json"],
  options: [
    { flags: "--net <net>", about: "look only in this net (default: in all)" },
    { flags: "--prompts", about: "print the exact prompts, from the artefact store" },
    { flags: "--depth <n>", about: `how many steps in a row, each way (default: ${DEPTH})` },
    { flags: "--limit <n>", about: `how many steps in all, each way, the nearest (default: ${LIMIT})` },
  ],
  run: async (call) => {
    const net = call.text("net");
    if (net !== undefined) checkName(net, "net");
    const bounds = { depth: call.integer("depth", 1) ?? DEPTH, steps: call.integer("limit", 1) ?? LIMIT };
    if (bounds.depth > DEEPEST) throw usage(`--depth goes to ${DEEPEST}`, "trace one of the tokens at its end, to go on from there");
    const lineage = await call.withBroker(async (broker) => {
      if (net !== undefined) await noSuchNet(broker, net);
      const found = await findToken(broker, call.arg("token"), net === undefined ? await broker.nets() : [net]);
      const told = await lineageOf(broker, found, bounds);
      if (call.on("prompts")) await withPrompts(broker, [...told.before, ...told.after]);
      return told;
    });
    call.out.result(lineage as unknown as Json, () => lineageText(lineage, call.out));
    return EXIT.ok;
  },
};
