/** Who may do what in a net: the policy asked for each persona at each of its positions. */
import type { CompiledNet, CompiledTransition } from "../net/compiled-net.ts";
import type { Transition } from "../net/definition.ts";
import { holdsBrowser } from "../net/executor-match.ts";
import { toolCatalogue } from "../tools/catalogue.ts";
import { mcpHttpTool, mcpServers, mcpTool } from "../tools/mcp/mcp-tools.ts";
import type { ToolDefinition } from "../tools/port.ts";
import type { Persona } from "./persona-schema.ts";
import { decidePlace, decideTool, type Rule, type Wiring } from "./policy.ts";

export interface Position {
  transition: string;
  kind: string;
  persona: Pick<Persona, "persona" | "flags" | "tools" | "memory">;
  wiring: Wiring;
  /** The tools that there are here: Petrel's own, and those of MCP servers that the persona lists. */
  tools: ReadonlyMap<string, ToolDefinition>;
  /** A tool of an MCP server that the net names here, listed or not. */
  mcpTool(name: string): ToolDefinition | null;
}
export interface RightsRow {
  transition: string;
  kind: string;
  persona: string;
  flags: string;
  /** Tools that flag, list and net all allow here. */
  tools: string[];
  /** On its list, and not allowed here. */
  without: string[];
  reads: string[];
  takes: string[];
  writes: string[];
  releases: boolean;
}

/** `personas` gives null for one that is not known; its positions are left out. */
export function positionsOf(net: CompiledNet, personas: (name: string) => Position["persona"] | null): Position[] {
  return [...net.transitions.values()].flatMap((transition) => {
    const { persona } = transition.definition;
    const known = persona === undefined ? null : personas(persona);
    return known
      ? [
          {
            ...{ transition: transition.id, kind: transition.definition.kind, persona: known },
            ...{ wiring: wiringAt(net, transition, known), tools: toolsAt(transition.definition, known.tools) },
            mcpTool: (name: string) => mcpToolAt(transition.definition, name),
          },
        ]
      : [];
  });
}

/** What a server really offers only it knows; here each tool that is listed counts as there. */
function toolsAt(definition: Transition, listed: readonly string[]): ReadonlyMap<string, ToolDefinition> {
  const found = listed.flatMap((name): [string, ToolDefinition][] => {
    const tool = mcpToolAt(definition, name);
    return tool ? [[name, tool]] : [];
  });
  return found.length === 0 ? toolCatalogue : new Map([...toolCatalogue, ...found]);
}

function mcpToolAt(definition: Transition, name: string): ToolDefinition | null {
  if (definition.kind !== "agent") return null;
  const stdio = mcpServers.safeParse(definition.workspace?.mcp ?? {}).data ?? {};
  return mcpTool(stdio, name) ?? mcpHttpTool(definition.mcp ?? {}, name);
}

function wiringAt(net: CompiledNet, { definition, inputs, outputs }: CompiledTransition, { memory }: Position["persona"]): Wiring {
  const isAgent = definition.kind === "agent";
  return {
    reads: [...new Set(inputs.map(({ arc }) => arc.place))],
    takes: [...new Set(inputs.flatMap(({ arc }) => (arc.mode === "consume" ? [arc.place] : [])))],
    writes: [...new Set(outputs.map(({ arc }) => arc.to))],
    workspace: isAgent && definition.workspace !== undefined && !holdsBrowser(definition),
    browser: isAgent && holdsBrowser(definition),
    release: isAgent && definition.release === true,
    memory: memory !== undefined && Object.hasOwn(net.definition.places, memory),
    // Only an agent calls tools: other kinds give one answer, or run what the net file says.
    ...(isAgent ? {} : { tools: [] }),
  };
}

export function rightsRow({ transition, kind, persona, wiring, tools }: Position): RightsRow {
  const may = (tool: string) => decideTool(persona, tool, wiring, tools).allowed;
  const places = (verb: string, from: readonly string[]) =>
    from.filter((place) => decidePlace(persona, place, wiring).verbs.includes(verb));
  return {
    ...{ transition, kind, persona: persona.persona, flags: persona.flags },
    tools: persona.tools.filter(may),
    without: persona.tools.filter((tool) => !may(tool)),
    reads: places("read", wiring.reads),
    takes: places("move from", wiring.takes ?? []),
    writes: places("write to", wiring.writes),
    releases: wiring.release === true && may("git.push"),
  };
}

export interface Explained {
  transition: string | null;
  allowed: boolean;
  rules: Rule[];
}

/** Null: neither a tool nor a place of the net. */
export function explain(position: Position, name: string, places: ReadonlySet<string>): Explained | null {
  const { transition, persona, wiring, tools } = position;
  const tool = tools.get(name) ?? position.mcpTool(name);
  if (tool) {
    const { allowed, rules } = decideTool(persona, name, wiring, new Map([[name, tool]]));
    return { transition, allowed, rules };
  }
  if (!places.has(name)) return null;
  const rules = [...byFiring(position, name), ...byTools(position, name)];
  return { transition, allowed: rules.some(({ allows }) => allows), rules };
}

/** What its firing takes and gives along its own arcs needs no flag and no tool. */
function byFiring({ kind, persona: { persona }, wiring }: Position, place: string): Rule[] {
  const takes = (wiring.takes ?? []).includes(place);
  const says = [
    ...(wiring.reads.includes(place)
      ? [
          `${persona} is given ${takes ? "and takes" : ""} tokens of ${place} with its firing: ${takes ? "a consuming" : "an"} input arc leads there`,
        ]
      : []),
    ...(wiring.writes.includes(place) ? [`what the firing of ${persona} gives may go to ${place}: an output arc leads there`] : []),
  ].map((text): Rule => ({ rule: "place", allows: true, says: text.replace("  ", " ") }));
  return kind === "agent" || says.length === 0
    ? says
    : [...says, { rule: "net", allows: false, says: `beyond that it reaches nothing: of kind ${kind} it calls no tools` }];
}

const NEEDS = [
  ["read", "reads"],
  ["move from", "takes"],
  ["write to", "writes"],
] as const;

/** What an agent may do there by tool calls: arc and flag, and then a tool on its list that does it. */
function byTools({ kind, persona, wiring, tools }: Position, place: string): Rule[] {
  const { verbs, rules } = decidePlace(persona, place, wiring);
  if (kind !== "agent") return verbs.length === 0 && !wiring.reads.includes(place) && !wiring.writes.includes(place) ? rules : [];
  return NEEDS.map(([verb, need], at): Rule => {
    const rule = rules[at] as Rule;
    if (!rule.allows) return rule;
    const those = [...tools.values()].filter(({ needs }) => needs?.includes(need));
    const may = those.filter(({ name }) => decideTool(persona, name, wiring, tools).allowed).map(({ name }) => name);
    if (may.length > 0) return { ...rule, says: `${rule.says}; it has ${may.join(", ")}` };
    const names = those.map(({ name }) => name).join(", ");
    return { rule: "list", allows: false, says: `${persona.persona} may not ${verb} ${place} by a tool: it may use none of ${names}` };
  });
}
