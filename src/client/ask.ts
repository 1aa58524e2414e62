/** Requests to a running master. A refusal comes back as the error that the master had. */
import type { Broker, Door } from "../contract/broker.ts";
import { errorFromData, PetrelError, Terminal } from "../contract/errors.ts";
import { isName, isPath, NAME_RULE } from "../contract/ids.ts";
import type { Json, JsonObject } from "../contract/json.ts";
import { unserved } from "./known-nets.ts";
import { usage } from "./usage.ts";

/** Asks the runtime. Errors: what the master answered; Retryable `no-owner`. */
export async function askRuntime(broker: Broker, verb: string, body: JsonObject = {}): Promise<Json> {
  const answer = await broker.commands.ask(null, verb, body);
  if (answer.ok) return answer.value ?? null;
  throw answer.error
    ? errorFromData(answer.error)
    : new Terminal({ code: "bad-answer", message: `the master refused "${verb}" without a reason` });
}

/** Asks the owner of a net. Errors: what it answered; Terminal `unknown-net`, `net-closed`; Retryable `no-owner`. */
export async function askNet(broker: Broker, net: string, verb: string, body: JsonObject = {}, timeoutMs?: number): Promise<Json> {
  checkName(net, "net");
  try {
    const answer = await broker.commands.ask(net, verb, body, timeoutMs);
    if (answer.ok) return answer.value ?? null;
    throw answer.error
      ? errorFromData(answer.error)
      : new Terminal({ code: "bad-answer", message: `the owner of ${net} refused "${verb}" without a reason` });
  } catch (error) {
    if (error instanceof PetrelError && error.code === "no-owner") throw await unserved(broker, net, error);
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

/** Puts a token in by the owner's door (E6). Errors: what it says; Terminal `unknown-net`, `net-closed`; Retryable `no-owner`. */
export async function putToken(broker: Broker, net: string, place: string, payload: Uint8Array, options: Parameters<Door["put"]>[3]) {
  try {
    const answer = await broker.door.put(net, place, payload, options);
    if (!answer.ok) throw errorFromData(answer.error);
    return answer;
  } catch (error) {
    if (error instanceof PetrelError && error.code === "no-owner") throw await unserved(broker, net, error);
    throw error;
  }
}
