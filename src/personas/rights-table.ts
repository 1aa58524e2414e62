/** Who may do what in a net: the policy asked for each persona at each of its positions. */
import type { CompiledNet, CompiledTransition } from "../net/compiled-net.ts";
import type { Transition } from "../net/definition.ts";
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
    workspace: isAgent && definition.workspace !== undefined,
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
  const { verbs, rules } = decidePlace(persona, name, wiring);
  return { transition, allowed: verbs.length > 0, rules };
}
