/**
 * A definition with sub-nets as the analysis looks at it: flat, also where a sub-net has a log of its own. A link with instances
 * becomes two steps, one that goes in and one that comes back and takes away what is left of the instance.
 */
import { DEAD_LETTER } from "../built-in-places.ts";
import type { InputArc, LinkTransition, NetDefinition, OutputArc, Subnet, Transition } from "../definition.ts";
import { flattenNet, type ResolvedLink } from "../flatten.ts";
import type { JsonPath } from "../locate.ts";

const RESULT_BY = "--by-";

/** The link and the port of a step by which results come back; null for any other step. */
export function resultStep(name: string): { link: string; port: string } | null {
  const at = name.lastIndexOf(RESULT_BY);
  return at < 1 ? null : { link: name.slice(0, at), port: name.slice(at + RESULT_BY.length) };
}

export function unfolded(source: NetDefinition): NetDefinition {
  const { definition, links } = flattenNet(inOneLog(source));
  const transitions = Object.entries(definition.transitions).flatMap(([id, one]) => {
    const link = links.get(id);
    return one.kind === "link" && link?.kind === "each" ? stepsOf(id, one, link, definition) : [[id, one] as const];
  });
  const places = Object.entries(definition.places).map(([name, place]) => {
    const isEntry = place.accepts !== undefined || (place.port === "in" && !name.includes("--"));
    return [name, isEntry ? { ...place, open: true } : place] as const;
  });
  return { ...definition, places: Object.fromEntries(places), transitions: Object.fromEntries(transitions) };
}

/** Where an element of the flat net stands in the file. */
export function pathInFile(path: JsonPath, { subnets = {} }: NetDefinition): JsonPath {
  const [group, name, ...rest] = path;
  if (typeof name !== "string" || !name.includes("--")) return path;
  const parts = name.split("--");
  const way: string[] = [];
  let inner: Record<string, Subnet> = subnets;
  while (parts.length > 1) {
    const subnet = inner[parts[0] ?? ""];
    if (!subnet) break;
    way.push("subnets", parts.shift() ?? "");
    inner = subnet.subnets ?? {};
  }
  return group === undefined ? path : [...way, group, parts[0] ?? "", ...rest];
}

function inOneLog<T extends { subnets?: Record<string, Subnet> | undefined }>(level: T): T {
  if (!level.subnets) return level;
  const subnets = Object.entries(level.subnets).map(([name, subnet]): [string, Subnet] => [name, { ...inOneLog(subnet), log: "parent" }]);
  return { ...level, subnets: Object.fromEntries(subnets) };
}

function stepsOf(
  id: string,
  one: LinkTransition,
  link: ResolvedLink & { kind: "each" },
  definition: NetDefinition,
): [string, Transition][] {
  const { to: _to, instance: _instance, value: _value, kind: _kind, ...common } = one;
  const begin: OutputArc[] = [{ to: link.place }, ...link.tokens.map(({ place }) => ({ to: place }))];
  const leftovers = Object.keys(definition.places).filter((place) => place.startsWith(`${link.subnet}--`));
  const back = link.ports.map((port): [string, Transition] => {
    const taken: InputArc[] = [{ place: port, mode: "consume", as: "result" }];
    const swept = leftovers.map((place, index): InputArc => ({ place, mode: "reset", as: `left${index}` }));
    const { guard: _guard, gate: _gate, in: _in, ...rest } = common;
    const name = port.slice(port.lastIndexOf("--") + 2);
    const fits = rest.out.filter((arc) => arc.error || arc.port === undefined || arc.port === name);
    const out = fits.some((arc) => !arc.error) ? fits : [...fits, { to: rest.onError ?? DEAD_LETTER }];
    return [`${id}${RESULT_BY}${name}`, { ...rest, kind: "pass", in: [...taken, ...swept], out }];
  });
  return [[id, { ...common, kind: "pass", out: begin, route: "all" }], ...back];
}
