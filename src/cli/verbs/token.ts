/** Tokens by hand: what lies in `escalations` is edited and sent on, or closed. Each is an event that names who did it. */

import { askNet, checkName } from "../../client/ask.ts";
import { usage } from "../../client/usage.ts";
import { isId } from "../../contract/ids.ts";
import type { Json } from "../../contract/json.ts";
import { callerOf, ROLE_OPTION } from "../caller.ts";
import { jsonArgument } from "../json-argument.ts";
import { EXIT, type Verb, type VerbCall } from "../verb.ts";

const REASON = { flags: "--reason <text>", about: "why, kept in the log" };

export const tokenMoveVerb: Verb = {
  command: "token move <net> <place> <id>",
  summary: "move a token, edited or as it is, to another place or back into its own",
  examples: [
    "petrel token move safe-teams escalations 01J9ZK2Y --to tasks",
    `petrel token move safe-teams escalations 01J9ZK2Y --to tasks --data '{"title":"Smaller","attempt":0}'`,
  ],
  options: [
    { flags: "--to <place>", about: "where it goes (default: the place it is in)" },
    { flags: "--data <json>", about: "its new data, whole" },
    REASON,
    ROLE_OPTION,
  ],
  run: async (call) => {
    const to = call.text("to");
    const data = call.text("data");
    if (to === undefined && data === undefined)
      throw usage("neither a place nor new data was given", "--to PLACE, or --data JSON, or both");
    const body = {
      ...about(call),
      ...(to === undefined ? {} : { to: checkName(to, "place") }),
      ...(data === undefined ? {} : { data: parse(data) }),
    };
    const answer = await call.withBroker((broker) => askNet(broker, call.arg("net"), "move", body));
    call.out.result(
      { id: call.arg("id"), answer },
      () => `moved ${call.arg("id")} to ${to ?? call.arg("place")}${data === undefined ? "" : ", edited"}`,
    );
    return EXIT.ok;
  },
};

export const tokenCloseVerb: Verb = {
  command: "token close <net> <place> <id>",
  summary: "take a token out of the net; the log keeps it",
  examples: [`petrel token close safe-teams escalations 01J9ZK2Y --reason "done elsewhere"`],
  options: [{ flags: "--stop", about: "end what works on it, too" }, REASON, ROLE_OPTION],
  run: async (call) => {
    const body = { ...about(call), ...(call.on("stop") ? { stop: true } : {}) };
    const answer = await call.withBroker((broker) => askNet(broker, call.arg("net"), "close", body));
    call.out.result({ id: call.arg("id"), answer }, () => `closed ${call.arg("id")}`);
    return EXIT.ok;
  },
};

function about(call: VerbCall): { [key: string]: Json } {
  const id = call.arg("id");
  if (!isId(id)) throw usage(`"${id}" is no token id`, `petrel tokens ${call.arg("net")} ${call.arg("place")}`);
  const reason = call.text("reason");
  return { place: checkName(call.arg("place"), "place"), id, by: callerOf(call), ...(reason === undefined ? {} : { reason }) };
}

function parse(text: string): Json {
  return jsonArgument(text, "--data", `--data '{"title":"..."}'`);
}
