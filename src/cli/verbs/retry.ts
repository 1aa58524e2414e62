/** Failed work once more: what a firing had taken goes back to where it lay. */

import { readAnswer, retryAllAnswer, retryAnswer } from "../../client/answers.ts";
import { askNet, checkName } from "../../client/ask.ts";
import { usage } from "../../client/usage.ts";
import { isId } from "../../contract/ids.ts";
import type { Json } from "../../contract/json.ts";
import { callerOf, ROLE_OPTION } from "../caller.ts";
import { EXIT, type ExitCode, type Verb, type VerbCall } from "../verb.ts";

export const retryVerb: Verb = {
  command: "retry <net> [token]",
  summary: "put the work of a failed firing back, to be tried again",
  details:
    "The token is what the failure left, in dead-letter or wherever errors and escalations go. It leaves, and what the firing had taken lies where it lay, in one event.",
  examples: [
    "petrel retry safe-teams t-0a1b2c3d4e5f6g7h8i9j0",
    "petrel retry safe-teams --all",
    "petrel retry safe-teams --all --place dead-letter",
  ],
  options: [
    { flags: "--all", about: "all that failures have left" },
    { flags: "--place <place>", about: "with --all: what lies in this place" },
    ROLE_OPTION,
  ],
  run: async (call) => {
    const all = call.on("all");
    const id = call.optionalArg("token");
    if (all === (id !== undefined)) throw usage("one of a token and --all is wanted", `petrel retry ${call.arg("net")} --all`);
    return all ? retryAll(call) : retryOne(call, id ?? "");
  },
};

async function retryOne(call: VerbCall, id: string): Promise<ExitCode> {
  const net = call.arg("net");
  if (!isId(id)) throw usage(`"${id}" is no token id`, `petrel tokens ${net} dead-letter`);
  const body = { id, by: callerOf(call) };
  const answer = readAnswer(retryAnswer, await call.withBroker((broker) => askNet(broker, net, "retry", body)), "retry");
  call.out.result(answer as Json, () =>
    answer.again
      ? `put back ${answer.tokens.map(({ place, id: token }) => `${token} in ${place}`).join(", ")}`
      : `${id} was put back before`,
  );
  return EXIT.ok;
}

async function retryAll(call: VerbCall): Promise<ExitCode> {
  const place = call.text("place");
  const body = { all: true, by: callerOf(call), ...(place === undefined ? {} : { place: checkName(place, "place") }) };
  const answer = await call.withBroker((broker) => askNet(broker, call.arg("net"), "retry", body));
  const { retried, refused } = readAnswer(retryAllAnswer, answer, "retry");
  call.out.result(answer, () =>
    [`put back the work of ${retried.length}`, ...refused.map(({ id, reason }) => `  not ${id}: ${reason}`)].join("\n"),
  );
  return refused.length > 0 ? EXIT.failed : EXIT.ok;
}
