/** `why`: what the pure question needs of the term around it, and what is said of a name that the net does not have. */
import { isoTime, timeOf } from "../../contract/clock.ts";
import { Terminal } from "../../contract/errors.ts";
import { isJsonObject, type Json } from "../../contract/json.ts";
import { nearestHint } from "../../net/check-nearest.ts";
import type { OpenFiring } from "../../net/state.ts";
import { why } from "../../net/why.ts";
import type { CutOff } from "../../net/why-firing.ts";
import type { Term } from "./term.ts";

/** Of those that hold work. What cannot be read now is left out. */
async function cutOffOf({ state, ports }: Term): Promise<Map<string, CutOff>> {
  const holders = new Set([...state.firings.values()].flatMap(({ claim }) => claim?.executor ?? []));
  const found = new Map<string, CutOff>();
  for (const name of holders) {
    const stored = await ports.broker
      .keyValue("enrolled")
      .get(name)
      .catch(() => null);
    const at = timeOf(isJsonObject(stored?.value) && typeof stored.value.revoked === "string" ? stored.value.revoked : "");
    if (!Number.isNaN(at)) found.set(name, { at: isoTime(at), until: isoTime(at + ports.leaseMs) });
  }
  return found;
}

/** Errors: Terminal `nothing-of-that-name`, `no-definition`. */
export async function whyOf(term: Term, name: string): Promise<Json> {
  const { net, state, ports } = term;
  if (!net)
    throw new Terminal({ code: "no-definition", message: `the net ${state.net} runs no definition yet`, hint: "petrel net apply FILE" });
  const executors = await ports.broker.work.executors().catch(() => null);
  const control = await ports.broker.control.read().catch(() => null);
  const kills = control && { all: control.state === "killed", net: control.stopped.net.includes(state.net) };
  const waitOf = ({ firing, attempt }: OpenFiring) => term.budgets.waitOf(firing, attempt);
  const linkProblem = (to: string) => term.links.problems.get(to) ?? null;
  const about = { state, net, now: ports.clock.now(), netOf: (firing: OpenFiring) => term.netOf(firing), executors, kills };
  const found = why({ ...about, waitOf, linkProblem, cutOff: await cutOffOf(term) }, name);
  if (found.length > 0) return found as unknown as Json;
  const gates = [...net.transitions.values()].flatMap(({ definition }) => definition.gate?.name ?? []);
  const names = [...net.transitions.keys(), ...term.placeNames(), ...gates];
  const gone = /^t-[a-z0-9]{21}$/.test(name);
  throw new Terminal({
    code: "nothing-of-that-name",
    message: gone ? `no token ${name} lies in a place of ${state.net} now` : `${state.net} has no transition, place, token or gate ${name}`,
    hint: gone ? `petrel trace ${name} --net ${state.net}` : nearestHint(name, names, "transitions and places"),
  });
}
