/** Puts a token into a place; answered after the log has it (E6). */

import { checkName, putToken } from "../../client/ask.ts";
import { usage } from "../../client/usage.ts";
import { isId } from "../../contract/ids.ts";
import type { Json } from "../../contract/json.ts";
import { jsonArgument } from "../json-argument.ts";
import { readText } from "../read-file.ts";
import { EXIT, type Verb, type VerbCall } from "../verb.ts";

export const putVerb: Verb = {
  command: "put <net> <place> [data]",
  summary: "put a token into a place",
  details: "The data is JSON: an argument, a file, or - for standard input. The answer comes when the token is in the net's log.",
  examples: [
    `petrel put safe-teams inbox '{"title":"A list of orders"}'`,
    "petrel put safe-teams inbox --file request.json",
    "cat request.json | petrel put safe-teams inbox - --token request-17",
  ],
  options: [
    { flags: "--file <file>", about: "read the data from a file" },
    { flags: "--token <id>", about: "put at most once under this id within 24 hours" },
  ],
  run: async (call) => {
    const net = checkName(call.arg("net"), "net");
    const place = checkName(call.arg("place"), "place");
    const data = await readData(call);
    const id = call.text("token");
    if (id !== undefined && !isId(id)) throw usage(`"${id}" is no token id`, "an id is 1 to 64 of A-Z, a-z, 0-9, _ and -");
    const payload = new TextEncoder().encode(JSON.stringify(data));
    const answer = await call.withBroker((broker) =>
      putToken(broker, net, place, payload, { by: call.petrel.user, ...(id === undefined ? {} : { token: id }) }),
    );
    call.out.result({ ...answer, net }, () => `put token ${answer.id} into ${net}/${answer.place} (event ${answer.seq})`);
    return EXIT.ok;
  },
};

async function readData(call: VerbCall): Promise<Json> {
  const given = call.optionalArg("data");
  const file = call.text("file");
  if (given !== undefined && file !== undefined)
    throw usage("the data was given twice, as an argument and as --file", "leave one of them out");
  if (given === undefined && file === undefined) {
    throw usage(
      "no data was given",
      `petrel put ${call.arg("net")} ${call.arg("place")} '{"title":"..."}', or --file FILE, or - for standard input`,
    );
  }
  const text = file !== undefined ? readText(call.petrel.cwd, file) : given === "-" ? await call.petrel.readStdin() : (given ?? "");
  return jsonArgument(text, file ?? (given === "-" ? "standard input" : "the argument"), `'{"title":"..."}'`);
}
