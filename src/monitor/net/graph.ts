/** The drawing of a net from its definition: places, transitions, arcs, and sub-nets that are open or shut. Pure. */
import type { Json } from "../../contract/json.ts";

export interface ArcDefinition {
  place?: string;
  to?: string;
  as?: string;
  mode?: string;
  where?: string;
  when?: string;
  otherwise?: boolean;
  error?: boolean;
  take?: Json;
  gather?: Json;
}
export interface TransitionDefinition {
  kind: string;
  title?: string;
  persona?: string;
  in?: ArcDefinition[];
  out?: ArcDefinition[];
  onError?: string;
  gate?: { name?: string; approvers?: string[]; quorum?: number; escalate?: string } | null;
  guard?: string;
  /** Of a link: where it hands its tokens to. */
  to?: { subnet?: string; net?: string; place?: string };
  instances?: number;
}
export interface NetDefinition {
  net?: string;
  title?: string;
  places?: Record<string, { title?: string; capacity?: number | null; open?: boolean; port?: string }>;
  transitions?: Record<string, TransitionDefinition>;
  subnets?: Record<string, NetDefinition>;
}

export interface PlaceNode {
  kind: "place";
  id: string;
  /** Name in the log: with the names of the sub-nets that it lies in. */
  name: string;
  title: string;
}
export interface TransitionNode {
  kind: "transition";
  id: string;
  name: string;
  title: string;
  definition: TransitionDefinition;
}
/** A sub-net that is shut: one box for all that is in it. */
export interface SubnetNode {
  kind: "subnet";
  id: string;
  name: string;
  title: string;
  places: string[];
  transitions: string[];
}
export type GraphNode = PlaceNode | TransitionNode | SubnetNode;
export interface GraphEdge {
  id: string;
  from: string;
  to: string;
  /** `return`: what a sub-net hands back to the link that began it. */
  mode: "consume" | "read" | "inhibit" | "reset" | "out" | "error" | "return";
  label: string;
}
export interface Graph {
  nodes: GraphNode[];
  edges: GraphEdge[];
}

const MOST_LABEL = 34;
export const placeId = (name: string): string => `place:${name}`;
export const transitionId = (name: string): string => `transition:${name}`;
const subnetId = (name: string): string => `subnet:${name}`;

/** `open`: names of the sub-nets that are drawn from inside. */
export function graphOf(definition: NetDefinition, open: ReadonlySet<string>): Graph {
  const graph: Graph = { nodes: [], edges: [] };
  const shut = new Map<string, string>();
  addNet(graph, definition, "", open, shut);
  const at = (id: string) => shut.get(id) ?? id;
  const known = new Set(graph.nodes.map(({ id }) => id));
  for (const edge of graph.edges) {
    edge.from = at(edge.from);
    edge.to = at(edge.to);
    for (const end of [edge.from, edge.to]) {
      if (known.has(end) || !end.startsWith("place:")) continue;
      // Built in, like `dead-letter`: drawn where an arc leads to it.
      const name = end.slice("place:".length);
      known.add(end);
      graph.nodes.push({ kind: "place", id: end, name, title: name });
    }
  }
  const seen = new Set<string>();
  // Where a firing may put something anyway, its failure needs no arc of its own.
  const outs = new Set(graph.edges.filter(({ mode }) => mode === "out").map(({ from, to }) => `${from} ${to}`));
  graph.edges = graph.edges.filter(
    ({ from, to, mode }) =>
      !(mode === "error" && outs.has(`${from} ${to}`)) &&
      from !== to &&
      known.has(from) &&
      known.has(to) &&
      !seen.has(`${from} ${to} ${mode}`) &&
      seen.add(`${from} ${to} ${mode}`),
  );
  return graph;
}

function addNet(
  graph: Graph,
  { places = {}, transitions = {}, subnets = {} }: NetDefinition,
  prefix: string,
  open: ReadonlySet<string>,
  shut: Map<string, string>,
): void {
  for (const [name, { title }] of Object.entries(places))
    graph.nodes.push({ kind: "place", id: placeId(prefix + name), name: prefix + name, title: title ?? name });
  for (const [name, definition] of Object.entries(transitions)) {
    addTransition(graph, prefix, name, definition);
    addLink(graph, prefix, name, definition, subnets);
  }
  for (const [name, inner] of Object.entries(subnets)) {
    const path = prefix + name;
    if (open.has(path)) {
      addNet(graph, inner, `${path}--`, open, shut);
      continue;
    }
    const held: Graph = { nodes: [], edges: [] };
    addNet(held, inner, `${path}--`, new Set(namesOf(inner, `${path}--`)), new Map());
    for (const node of held.nodes) shut.set(node.id, subnetId(path));
    graph.nodes.push({
      kind: "subnet",
      id: subnetId(path),
      name: path,
      title: inner.title ?? name,
      places: namesIn(held, "place"),
      transitions: namesIn(held, "transition"),
    });
  }
}

function addTransition(graph: Graph, prefix: string, name: string, definition: TransitionDefinition): void {
  const id = transitionId(prefix + name);
  graph.nodes.push({ kind: "transition", id, name: prefix + name, title: definition.title ?? name, definition });
  for (const { place = "", mode = "consume", where, take, gather } of definition.in ?? []) {
    const words = [
      where,
      take === undefined || take === 1 ? undefined : `take ${String(take)}`,
      gather === undefined ? undefined : "gather",
    ];
    graph.edges.push({
      id: `${place}>${id}>${mode}`,
      from: placeId(prefix + place),
      to: id,
      mode: mode as GraphEdge["mode"],
      label: shortened(words),
    });
  }
  for (const { to = "", when, otherwise, error } of definition.out ?? []) {
    graph.edges.push({
      id: `${id}>${to}>${error ? "error" : "out"}`,
      from: id,
      to: placeId(prefix + to),
      mode: error ? "error" : "out",
      label: shortened([when, otherwise ? "otherwise" : undefined]),
    });
  }
  for (const to of [definition.onError, definition.gate?.escalate]) {
    if (to !== undefined) graph.edges.push({ id: `${id}>${to}>error`, from: id, to: placeId(prefix + to), mode: "error", label: "" });
  }
}

/** A link into a sub-net: it puts into a place there, and where it makes something of the result, that comes back to it. */
function addLink(
  graph: Graph,
  prefix: string,
  name: string,
  { to, out = [] }: TransitionDefinition,
  subnets: Record<string, NetDefinition>,
): void {
  if (to?.subnet === undefined || to.place === undefined) return;
  const id = transitionId(prefix + name);
  const inside = (place: string) => placeId(`${prefix}${to.subnet}--${place}`);
  graph.edges.push({ id: `${id}>${inside(to.place)}>out`, from: id, to: inside(to.place), mode: "out", label: "" });
  if (out.length === 0) return;
  for (const [place, { port }] of Object.entries(subnets[to.subnet]?.places ?? {}))
    if (port === "out") graph.edges.push({ id: `${inside(place)}>${id}>return`, from: inside(place), to: id, mode: "return", label: "" });
}

function namesOf({ subnets = {} }: NetDefinition, prefix: string): string[] {
  return Object.entries(subnets).flatMap(([name, inner]) => [prefix + name, ...namesOf(inner, `${prefix}${name}--`)]);
}
const namesIn = ({ nodes }: Graph, kind: GraphNode["kind"]): string[] => nodes.filter((node) => node.kind === kind).map(({ name }) => name);

function shortened(words: (string | undefined)[]): string {
  const text = words.filter((word) => word !== undefined).join(", ");
  return text.length > MOST_LABEL ? `${text.slice(0, MOST_LABEL - 1)}…` : text;
}
