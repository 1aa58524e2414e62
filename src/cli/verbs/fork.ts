/** A new net that begins as another was at a moment. */
import * as z from "zod";
import { readAnswer } from "../../client/answers.ts";
import { askRuntime, checkName } from "../../client/ask.ts";
import { momentOf } from "../../client/history/moment.ts";
import { noSuchNet } from "../../client/known-nets.ts";
import { usage } from "../../client/usage.ts";
import type { Json, JsonObject } from "../../contract/json.ts";
import { callerOf, ROLE_OPTION } from "../caller.ts";
import { checkedNet } from "../checked-net.ts";
import { jsonArgument } from "../json-argument.ts";
import { EXIT, type Verb, type VerbCall } from "../verb.ts";

const forkAnswer = z.looseObject({
  net: z.string(),
  parent: z.string(),
  seq: z.int(),
  tokens: z.int(),
  answers: z.int(),
  dropped: z.int(),
  paused: z.boolean(),
});

export const forkVerb: Verb = {
  command: "fork <net>",
  summary: "start a new net as this one was at a moment",
  details:
    "Tokens keep their ids. Work that was under way begins again. What models, servers and executors answered the parent is used again where a step asks the same; everything else is asked for real, effects included. The parent is only read.",
  examples: [
    "petrel fork safe-teams --at 29",
    `petrel fork safe-teams --at 29 --as what-if --set 'settings={"attempts":5}'`,
    "petrel fork safe-teams --at 2026-03-01T12:00:00Z --definition nets/safe-teams.json --as second-try",
  ],
  options: [
    { flags: "--at <moment>", about: "the number of an event, or a time (default: now)" },
    { flags: "--as <name>", about: "the new net's name (default: NET-at-EVENT)" },
    { flags: "--set <place=json...>", about: "let a place hold this instead: an array's elements, or one token" },
    { flags: "--definition <file>", about: "run this net file instead of what ran then; its name does not count" },
    { flags: "--ask-again", about: "use no recorded answers" },
    ROLE_OPTION,
  ],
  run: async (call) => {
    const net = checkName(call.arg("net"), "net");
    const body = await requestOf(call, net);
    const answer = await call.withBroker(async (broker) => {
      await noSuchNet(broker, net);
      return askRuntime(broker, "fork", body);
    });
    const { net: as, seq, tokens, answers, dropped, paused } = readAnswer(forkAnswer, answer, "fork");
    call.out.result(answer, () =>
      [
        `${as} begins as ${net} was after event ${seq}: ${tokens} ${tokens === 1 ? "token" : "tokens"}, ${answers} recorded ${answers === 1 ? "answer" : "answers"}`,
        ...(dropped > 0
          ? [`  ${dropped} ${dropped === 1 ? "firing that was under way begins" : "firings that were under way begin"} again`]
          : []),
        ...(paused ? [`  paused, as ${net} was: petrel resume ${as}`] : []),
      ].join("\n"),
    );
    return EXIT.ok;
  },
};

async function requestOf(call: VerbCall, net: string): Promise<JsonObject> {
  const at = momentOf(call.text("at") ?? "now", "--at", call.petrel.clock.now());
  const as = call.text("as");
  if (as !== undefined) checkName(as, "net");
  const file = call.text("definition");
  return {
    net,
    at: at as unknown as JsonObject,
    ...(as === undefined ? {} : { as }),
    set: setOf(call),
    ...(file === undefined ? {} : { definition: (await checkedNet(call, file)).definition }),
    askAgain: call.on("askAgain"),
    by: callerOf(call),
  };
}

function setOf(call: VerbCall): { [place: string]: Json[] } {
  const set: { [place: string]: Json[] } = {};
  for (const text of call.list("set")) {
    const cut = text.indexOf("=");
    if (cut < 1) throw usage(`--set takes place=json, not "${text}"`, `like --set 'inbox={"title":"another"}'`);
    const place = checkName(text.slice(0, cut), "place");
    const value = jsonOf(text.slice(cut + 1), place);
    set[place] = [...(set[place] ?? []), ...(Array.isArray(value) ? value : [value])];
  }
  return set;
}

function jsonOf(text: string, place: string): Json {
  return jsonArgument(text, `what --set gives to ${place}`, `--set '${place}="..."'; [] empties it`);
}
