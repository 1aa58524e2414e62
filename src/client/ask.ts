/** Requests to a running master. A refusal comes back as the error that the master had. */
import type { Broker } from "../contract/broker.ts";
import { errorFromData, PetrelError, Terminal } from "../contract/errors.ts";
import { isName, isPath, NAME_RULE } from "../contract/ids.ts";
import type { Json, JsonObject } from "../contract/json.ts";
import { nearestHint } from "../net/check-nearest.ts";
import { netRows, readAnswer } from "./answers.ts";
import { usage } from "./usage.ts";

/** Asks the runtime. Errors: what the master answered; Retryable `no-owner`. */
export async function askRuntime(broker: Broker, verb: string, body: JsonObject = {}): Promise<Json> {
  const answer = await broker.commands.ask(null, verb, body);
  if (answer.ok) return answer.value ?? null;
  throw answer.error
    ? errorFromData(answer.error)
    : new Terminal({ code: "bad-answer", message: `the master refused "${verb}" without a reason` });
}

/** Asks the owner of a net. A net that nobody serves is told apart from one that does not exist. */
export async function askNet(broker: Broker, net: string, verb: string, body: JsonObject = {}): Promise<Json> {
  checkName(net, "net");
  try {
    const answer = await broker.commands.ask(net, verb, body);
    if (answer.ok) return answer.value ?? null;
    throw answer.error
      ? errorFromData(answer.error)
      : new Terminal({ code: "bad-answer", message: `the owner of ${net} refused "${verb}" without a reason` });
  } catch (error) {
    if (error instanceof PetrelError && error.code === "no-owner") throw await unknownNet(broker, net, error);
    throw error;
  }
}

/** Names become subjects: a wrong one must not reach the broker. */
export function checkName(name: string, what: string): string {
  if (!isPath(name)) throw usage(`"${name}" names no ${what}`, NAME_RULE);
  return name;
}

/** The name of something new: no part of a sub-net. */
export function checkNewName(name: string, what: string): string {
  if (!isName(name)) throw usage(`"${name}" names no ${what}`, NAME_RULE);
  return name;
}

async function unknownNet(broker: Broker, net: string, error: PetrelError): Promise<PetrelError> {
  try {
    const names = readAnswer(netRows, await askRuntime(broker, "nets"), "nets").map((row) => row.net);
    if (names.includes(net)) return error;
    const hint =
      names.length === 0 ? "apply one: petrel net apply nets/safe-teams.json" : `${nearestHint(net, names, "nets")} (petrel net ls)`;
    return new Terminal({ code: "unknown-net", message: `no net is called ${net}`, hint });
  } catch {
    return error;
  }
}
