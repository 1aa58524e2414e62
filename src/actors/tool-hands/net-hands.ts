/** What a tool sees of its net: the definition that runs, the checker, and why something does or does not move on. */
import { Refused, Terminal } from "../../contract/errors.ts";
import type { Json, JsonObject } from "../../contract/json.ts";
import { netChecks } from "../../executors/hand-faults.ts";
import { checkNetFile } from "../../net/check.ts";
import type { Transition } from "../../net/definition.ts";
import type { Capabilities } from "../../personas/capabilities.ts";
import type { NetHands } from "../../tools/hands.ts";
import type { Term } from "../term/term.ts";
import { whyOf } from "../term/why-command.ts";

/** `all`: the event line is open to the persona, and with it every name. */
export function netHands(term: Term, transition: string, firing: string, capabilities: Capabilities, all: boolean): NetHands {
  return {
    describe: () => described(term),
    version: () => term.state.definition ?? "",
    check(definition) {
      const { problems } = checkNetFile(JSON.stringify(definition, null, 2), `${String(definition.net)}.json`, netChecks);
      return { ok: !problems.some(({ severity }) => severity === "error"), problems: problems as unknown as JsonObject[] };
    },
    async why(name): Promise<Json> {
      if (!all && !withinReach(name, transition, firing, capabilities)) {
        throw new Refused({
          code: "name-not-wired",
          message: `${name.slice(0, 100)} lies beyond the arcs of ${transition}`,
          hint: `Ask about ${[transition, ...capabilities.reads.keys(), ...capabilities.writes.keys()].join(", ")}, or a token in a place that you read.`,
        });
      }
      return whyOf(term, name);
    },
  };
}

function withinReach(name: string, transition: string, firing: string, { reads, writes }: Capabilities): boolean {
  if (name === transition || reads.has(name) || writes.has(name)) return true;
  return [...reads.values()].some((handle) => handle.peek(firing).some(({ token }) => token.id === name));
}

/** The definition as it was applied, without what only the transition's own work needs: prompts, values, tokens. */
function described({ net, state }: Term): JsonObject {
  if (!net) throw new Terminal({ code: "no-definition", message: `the net ${state.net} runs no definition yet` });
  const { definition } = net;
  return {
    net: definition.net,
    title: definition.title ?? definition.net,
    version: net.version,
    places: Object.fromEntries(
      Object.entries(definition.places).map(([name, { title, capacity, open, sink }]) => [name, present({ title, capacity, open, sink })]),
    ),
    transitions: Object.fromEntries(Object.entries(definition.transitions).map(([name, one]) => [name, transitionWords(one)])),
  };
}

function transitionWords(one: Transition): JsonObject {
  const { kind, in: inputs, out, guard, gate, timeout, concurrency } = one;
  return present({
    kind,
    persona: one.persona,
    in: inputs.map(({ place, mode, where, take }) => present({ place, mode, where, take })),
    out: out.map(({ to, when, otherwise, error }) => present({ to, when, otherwise, error })),
    guard,
    gate: gate ? present({ approvers: gate.approvers, quorum: gate.quorum }) : undefined,
    timeout,
    concurrency,
    instances: "instances" in one ? one.instances : undefined,
  });
}

function present(fields: Record<string, Json | undefined>): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, Json] => entry[1] !== undefined));
}
