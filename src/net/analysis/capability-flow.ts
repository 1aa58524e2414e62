/** Who can bring a token where, and who can reach a push: read off the arcs and the personas' flags. */
import { FLAGS_PATTERN, type Flag, parseFlags } from "../../contract/capability.ts";
import { deadlinesOf, targetsOf } from "../check-places.ts";
import { type Finding, warning } from "../check-problem.ts";
import type { NetDefinition, Transition } from "../definition.ts";

/** The flags of a persona, like `r-x--`; null when nothing is known of it. */
export type FlagsOf = (persona: string) => string | null;

export interface CapabilityFlow {
  /** Places that a persona's firings can put tokens into, by persona. */
  brings: Record<string, string[]>;
  /** Places that anybody outside can put tokens into. */
  outside: string[];
  /** Transitions that push, and on whose behalf. */
  pushes: { transition: string; persona: string | null }[];
  findings: Finding[];
}

const PUSHING_HANDS: ReadonlySet<string> = new Set(["code.deliver", "code.push"]);
/** Also by a path to git, and in the code that a shell is given; between the two words stand options alone. */
const GIT_PUSH = /(?:^|[\s/;&|(])git(?:\s+-\S+(?:\s+[^-\s]\S*)?)*?\s+push(?=$|[\s;&|)])/;

export function capabilityFlow(net: NetDefinition, flagsOf: FlagsOf): CapabilityFlow {
  const transitions = Object.entries(net.transitions);
  const brings: Record<string, string[]> = {};
  for (const [, one] of transitions) {
    if (one.persona === undefined) continue;
    brings[one.persona] = [...new Set([...(brings[one.persona] ?? []), ...targetsOf(one, []).map(({ place }) => place)])];
  }
  const pushing = transitions.filter(([, one]) => pushes(one));
  return {
    brings,
    outside: Object.entries(net.places).flatMap(([name, { open }]) => (open ? [name] : [])),
    pushes: pushing.map(([transition, { persona }]) => ({ transition, persona: persona ?? null })),
    findings: [
      ...pushing.flatMap(([name, one]) => holderFindings(name, one, flagsOf)),
      ...(pushing.length > 0 ? otherHolders(transitions, pushing, flagsOf) : []),
      ...pushing.flatMap(([name, one]) => openWays(net, name, one)),
    ],
  };
}

function pushes(one: Transition): boolean {
  // Its persona may push by a tool.
  if (one.kind === "agent") return one.release === true;
  if (one.kind !== "command") return false;
  return PUSHING_HANDS.has(one.hand) || (one.argv?.[0] === "git" && one.argv.includes("push")) || GIT_PUSH.test(one.argv?.join(" ") ?? "");
}

function holderFindings(name: string, one: Transition, flagsOf: FlagsOf): Finding[] {
  const path = ["transitions", name];
  if (one.persona === undefined) {
    const message = `transition "${name}" pushes, and no persona answers for it`;
    return [warning("push-without-persona", path, message, 'name in "persona" one that holds the flag x', "key")];
  }
  const flags = flagsOf(one.persona);
  if (flags === null || holds(flags, "x")) return [];
  const message = `transition "${name}" pushes on behalf of "${one.persona}", which has not the flag x`;
  return [warning("push-without-flag", [...path, "persona"], message, "let a persona with x deliver")];
}

/** Models that could push by a command of their own choice, beside the one that is there for it. */
function otherHolders(transitions: [string, Transition][], pushing: [string, Transition][], flagsOf: FlagsOf): Finding[] {
  const meant = new Set(pushing.map(([, { persona }]) => persona));
  return transitions.flatMap(([name, one]) => {
    if (one.kind !== "agent" || meant.has(one.persona) || !holds(flagsOf(one.persona) ?? "", "x")) return [];
    const message = `"${one.persona}" holds the flag x too: in transition "${name}" it could push without "${pushing[0]?.[0]}"`;
    return [
      warning("push-beside", ["transitions", name, "persona"], message, "take x from its flags, or give the step to another persona"),
    ];
  });
}

/** Ways from outside to a push on which neither a persona nor people stand. */
function openWays(net: NetDefinition, name: string, one: Transition): Finding[] {
  if (one.gate) return [];
  const ways = new Map(Object.entries(net.places).flatMap(([place, { open }]): [string, string[]][] => (open ? [[place, [place]]] : [])));
  for (let before = -1; before !== ways.size; ) {
    before = ways.size;
    for (const { place, to } of deadlinesOf(net)) {
      const way = ways.get(place);
      if (way && !ways.has(to)) ways.set(to, [...way, to]);
    }
    for (const [through, one] of Object.entries(net.transitions)) {
      const way = one.in.flatMap((arc) => (arc.mode === "consume" ? [ways.get(arc.place)] : [])).find((found) => found !== undefined);
      if (!way || one.persona !== undefined) continue;
      for (const to of waysOn(one)) if (!ways.has(to)) ways.set(to, [...way, through, to]);
    }
  }
  return one.in.flatMap((arc, at) => {
    const way = arc.mode === "consume" ? ways.get(arc.place) : undefined;
    if (!way) return [];
    const message = `whoever may put a token into "${way[0]}" reaches the push of "${name}" (${way.join(" > ")}): no persona and no gate is on the way`;
    return [warning("push-from-outside", ["transitions", name, "in", at], message, 'give the push a "gate", or close the place')];
  });
}

/** Where a step without a persona hands its work to; what people refuse, or do not look at in time, nobody has approved. */
function waysOn(one: Transition): string[] {
  if (!one.gate) return targetsOf(one, []).map(({ place }) => place);
  const { expires, escalate = one.onError } = one.gate;
  return expires === undefined || escalate === undefined ? [] : [escalate];
}

function holds(flags: string, flag: Flag): boolean {
  return FLAGS_PATTERN.test(flags) && parseFlags(flags).has(flag);
}
