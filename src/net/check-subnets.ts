/** Sub-nets and links: that each leads somewhere, to a port that is meant for it, and that what goes in has a way back. */
import { IN_TRANSIT } from "./built-in-places.ts";
import { nearestHint } from "./check-nearest.ts";
import { targetsOf } from "./check-places.ts";
import { elementOf, type Finding, failure, warning } from "./check-problem.ts";
import { programName } from "./crystal/program-subnet.ts";
import type { LinkTransition, NetDefinition, PlaceDefinition, Subnet, Transition } from "./definition.ts";
import { hasInstances, joined, portsOf } from "./flatten.ts";
import type { JsonPath } from "./locate.ts";

export type Level = Pick<NetDefinition, "places" | "transitions" | "tokens" | "subnets">;

const DEEPEST = 16;
/** What a stream's name has room for, beside the net's. */
const LONGEST = 160;

/** `way` names the sub-nets around this level, from the outside in. */
export function subnetFindings(level: Level, way: readonly string[]): Finding[] {
  return [
    ...Object.entries(level.subnets ?? {}).flatMap(([name, subnet]) => declarationFindings(level, name, subnet, way)),
    ...Object.entries(level.transitions).flatMap(([name, transition]) => [
      ...outPortFindings(level, transition, ["transitions", name]),
      ...programFindings(level, name, transition),
      ...(transition.kind === "link" ? linkFindings(level, transition, ["transitions", name]) : []),
      ...referenceFindings(level, name, transition),
    ]),
    ...(Object.hasOwn(level.places, IN_TRANSIT) ? [reserved(["places", IN_TRANSIT])] : []),
  ];
}

/** The steps of an agent's rule stand in a sub-net that Petrel names. */
function programFindings({ subnets = {} }: Level, name: string, transition: Transition): Finding[] {
  const taken = programName(name);
  if (transition.kind !== "agent" || !transition.crystal?.rule.program || !Object.hasOwn(subnets, taken)) return [];
  const message = `the calls of ${name}'s rule become a sub-net called "${taken}", and there is another one of that name`;
  return [failure("name-taken", ["subnets", taken], message, "call it otherwise", "key")];
}

/**
 * A level as the checks of one net want it: the ports of its sub-nets are places, what is filled or emptied from outside counts
 * as such, and links have an output.
 */
export function localView<T extends Level>(level: T): T {
  const places: Record<string, PlaceDefinition> = {};
  const taken = new Set(
    Object.values(level.transitions).flatMap((one) => one.in.flatMap((arc) => (arc.mode === "consume" ? [arc.place] : []))),
  );
  for (const [name, place] of Object.entries(level.places)) places[name] = ownPlace(place, taken.has(name));
  for (const [name, subnet] of Object.entries(level.subnets ?? {})) {
    if (hasInstances(level, name)) continue;
    for (const port of portsOf(subnet)) {
      places[joined(name, port)] = subnet.places[port]?.port === "out" ? { open: true } : { sink: true };
    }
  }
  const transitions = Object.entries(level.transitions).map(([name, one]): [string, Transition] => [name, withLead(level, one)]);
  return { ...level, places, transitions: Object.fromEntries(transitions) };
}

function ownPlace(place: PlaceDefinition, isTaken: boolean): PlaceDefinition {
  const { port, accepts } = place;
  return {
    ...place,
    ...(port === "in" || accepts ? { open: true } : {}),
    ...(port === "out" && !isTaken ? { sink: true } : {}),
  };
}

function withLead(level: Level, one: Transition): Transition {
  if (one.kind !== "link" || one.instance === "each" || one.to.subnet === undefined) return one;
  const port = level.subnets?.[one.to.subnet]?.places[one.to.place];
  return port ? { ...one, out: [...one.out, { to: joined(one.to.subnet, one.to.place) }] } : one;
}

function declarationFindings(level: Level, name: string, subnet: Subnet, way: readonly string[]): Finding[] {
  const path = ["subnets", name];
  const found: Finding[] = [];
  const fail = (code: string, message: string, hint: string) => found.push(failure(code, path, message, hint, "key"));
  if (name.endsWith("-")) fail("bad-name", `sub-net "${name}" ends with a dash`, "its places are called NAME--PLACE; rename it");
  if (way.length + 1 > DEEPEST) fail("too-deep", `sub-net "${name}" lies more than ${DEEPEST} levels deep`, "make it flatter");
  if (Object.keys(subnet.places).length + Object.keys(subnet.transitions).length === 0) {
    fail("empty-subnet", `sub-net "${name}" has no places`, 'declare "places" and "transitions", or name a "file"');
    return found;
  }
  const prefix = [...way, name].join("--");
  const long = [...Object.keys(subnet.places), ...Object.keys(subnet.transitions)].find((one) => joined(prefix, one).length > LONGEST);
  if (long) fail("name-too-long", `"${joined(prefix, long)}" is longer than ${LONGEST} characters`, "shorten the names of the sub-nets");
  if (portsOf(subnet).length === 0) {
    fail("no-port", `sub-net "${name}" has no port: nothing gets in or out`, 'give a place of it "port": "in" or "out"');
  }
  return [...found, ...(hasInstances(level, name) ? instanceFindings(name, subnet) : portFindings(level, name, subnet))];
}

/** A sub-net that has an instance for each firing of a link. */
function instanceFindings(name: string, subnet: Subnet): Finding[] {
  const path = ["subnets", name];
  const found: Finding[] = [];
  if (subnet.log === "own") {
    const message = `sub-net "${name}" has a log of its own, and a link gives it instances: those live in the log around it`;
    found.push(failure("own-with-instances", [...path, "log"], message, 'remove "log", or let the link say "instance": "shared"'));
  }
  if (portsOf(subnet, "out").length === 0) {
    const message = `no result leaves sub-net "${name}": its instances would never end`;
    found.push(failure("no-way-back", path, message, 'give the place of its results "port": "out"', "key"));
  }
  for (const [step, { schedule, in: arcs }] of Object.entries(subnet.transitions)) {
    if (!schedule || arcs.some(({ mode }) => mode === "consume" || mode === "read")) continue;
    const message = `transition "${step}" of sub-net "${name}" fires by the clock alone, and would belong to none of its instances`;
    const hint = 'give it an input, or the sub-net "tokens" to begin with';
    found.push(failure("schedule-in-instance", [...path, "transitions", step, "schedule"], message, hint, "key"));
  }
  for (const [place, { open, accepts }] of Object.entries(subnet.places)) {
    if (!open && !accepts) continue;
    const message = `place "${place}" of sub-net "${name}" takes tokens from outside, which would belong to none of its instances`;
    found.push(failure("open-in-instance", [...path, "places", place, open ? "open" : "accepts"], message, "remove it", "key"));
  }
  return found;
}

function portFindings(level: Level, name: string, subnet: Subnet): Finding[] {
  const filled = new Set(Object.values(localView(level).transitions).flatMap((one) => targetsOf(one, []).map(({ place }) => place)));
  return portsOf(subnet, "in").flatMap((port) => {
    if (filled.has(joined(name, port)) || subnet.places[port]?.open) return [];
    const message = `nothing puts a token into the in port "${port}" of sub-net "${name}"`;
    return [warning("port-unused", ["subnets", name, "places", port], message, `add an output to "${joined(name, port)}"`, "key")];
  });
}

function linkFindings(level: Level, link: LinkTransition, path: JsonPath): Finding[] {
  const { to, instance, out } = link;
  const what = elementOf(path);
  const found: Finding[] = [];
  const results = out.filter((arc) => !arc.error);
  if ((to.subnet === undefined) === (to.net === undefined)) {
    found.push(failure("link-target", [...path, "to"], `${what} must name either "subnet" or "net" in "to"`, "keep one of them"));
  } else if (to.subnet !== undefined) found.push(...targetFindings(level, link, to.subnet, path));
  if (instance === "each" && to.net !== undefined) {
    const message = `${what} wants an instance of another net, and only sub-nets have instances`;
    found.push(failure("instance-of-net", [...path, "instance"], message, 'remove "instance"'));
  }
  if (instance === "each" && results.length === 0) {
    const message = `${what} does not say where the result of an instance goes`;
    found.push(failure("no-way-back", [...path, "out"], message, 'add an output like { "to": "done" }'));
  }
  if (instance === "each" && link.onError === undefined) found.push(...untakenPorts(level, link, path));
  if (instance === "shared" && results.length > 0) {
    const hint = 'its token goes where "to" says; keep outputs with "error": true only, and take results from the out port';
    found.push(failure("link-with-out", [...path, "out"], `${what} has an output, but nothing comes back to it`, hint));
  }
  return found;
}

/** Out ports by which a result can leave although no output is for it. */
function untakenPorts(level: Level, { to, out }: LinkTransition, path: JsonPath): Finding[] {
  const subnet = level.subnets?.[to.subnet ?? ""];
  const results = out.filter((arc) => !arc.error);
  if (!subnet || results.length === 0 || results.some(({ port }) => port === undefined) || out.some((arc) => arc.error && !arc.when))
    return [];
  return portsOf(subnet, "out").flatMap((port) => {
    if (results.some((arc) => arc.port === port)) return [];
    const message = `${elementOf(path)} has no output for a result that leaves ${to.subnet} by its port "${port}": such a firing fails`;
    const hint = `add an output with "port": "${port}", or name a place in "onError"`;
    return [warning("no-route", [...path, "out"], message, hint)];
  });
}

/** "port" on an output chooses among the ways that a result leaves an instance. */
function outPortFindings(level: Level, one: Transition, path: JsonPath): Finding[] {
  return one.out.flatMap((arc, index) => {
    if (arc.port === undefined) return [];
    const at = [...path, "out", index, "port"];
    if (one.kind !== "link" || one.instance !== "each") {
      const hint = 'remove "port"; it is for links with "instance": "each"';
      return [failure("port-without-instances", at, `${elementOf(at)}: no result of an instance comes to ${elementOf(path)}`, hint)];
    }
    const subnet = level.subnets?.[one.to.subnet ?? ""];
    return subnet ? portProblem(subnet, one.to.subnet ?? "", arc.port, "out", `${elementOf(at)} names`, at) : [];
  });
}

function targetFindings(level: Level, link: LinkTransition, name: string, path: JsonPath): Finding[] {
  const what = elementOf(path);
  const known = Object.keys(level.subnets ?? {});
  const subnet = level.subnets && Object.hasOwn(level.subnets, name) ? level.subnets[name] : undefined;
  if (!subnet) {
    const message = `${what} leads to sub-net "${name}", which is not declared`;
    return [failure("unknown-subnet", [...path, "to", "subnet"], message, nearestHint(name, known, "sub-nets"))];
  }
  const found = portProblem(subnet, name, link.to.place, "in", `${what} leads to`, [...path, "to", "place"]);
  if (link.instance === "shared" && hasInstances(level, name)) {
    const message = `${what} shares sub-net "${name}", and another link gives it an instance for each firing`;
    found.push(failure("mixed-instances", [...path, "instance"], message, "let all links to it say the same"));
  }
  return found;
}

/** Arcs that name a place by `<sub>--<port>`, and names that stand for no place of an arc. */
function referenceFindings(level: Level, name: string, transition: Transition): Finding[] {
  const path = ["transitions", name];
  const uses = [
    ...transition.in.map((arc, index) => ({ place: arc.place, direction: "out" as const, path: [...path, "in", index, "place"] })),
    ...targetsOf(transition, path).map((target) => ({ ...target, direction: "in" as const })),
  ];
  return uses.flatMap(({ place, direction, path: at }) => {
    if (place === IN_TRANSIT) return [reserved(at)];
    const cut = place.indexOf("--");
    return cut === -1 ? [] : nestedProblem(level, place.slice(0, cut), place.slice(cut + 2), direction, at);
  });
}

function nestedProblem(level: Level, name: string, port: string, direction: "in" | "out", path: JsonPath): Finding[] {
  const what = elementOf(path);
  const subnet = level.subnets && Object.hasOwn(level.subnets, name) ? level.subnets[name] : undefined;
  if (!subnet) {
    const hint = nearestHint(name, Object.keys(level.subnets ?? {}), "sub-nets");
    return [failure("unknown-subnet", path, `${what} names sub-net "${name}", which is not declared`, hint)];
  }
  if (hasInstances(level, name)) {
    const hint = 'let the link that makes the instances take the token in, and its "out" take the result';
    return [failure("port-of-instances", path, `${what} names a port of sub-net "${name}", which has many instances`, hint)];
  }
  return portProblem(subnet, name, port, direction, `${what} names`, path);
}

function portProblem(subnet: Subnet, name: string, port: string, direction: "in" | "out", what: string, path: JsonPath): Finding[] {
  const place = Object.hasOwn(subnet.places, port) ? subnet.places[port] : undefined;
  if (place?.port === direction) return [];
  if (place) {
    const message = `${what} place "${port}" of sub-net "${name}", which is ${place.port === undefined ? "no port" : `an ${place.port} port`}`;
    return [
      failure("wrong-port", path, message, `give it "port": "${direction}", or name ${portsOf(subnet, direction).join(", ") || "another"}`),
    ];
  }
  const hint = nearestHint(port, portsOf(subnet, direction), `${direction} ports of ${name}`);
  return [failure("unknown-port", path, `${what} port "${port}" of sub-net "${name}", which is not declared`, hint)];
}

function reserved(path: JsonPath): Finding {
  const message = `${elementOf(path)} names "${IN_TRANSIT}", where tokens lie that are on their way to another net`;
  return failure("reserved-place", path, message, "choose another name", "key");
}
