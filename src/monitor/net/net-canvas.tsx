/** The live drawing of a net: the definition that runs is what is drawn, so the two cannot part. */
import { Background, Controls, type Edge, MarkerType, type Node, ReactFlow } from "@xyflow/react";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import type { NetEvent } from "../../contract/event.ts";
import type { EventStore } from "../event-store.ts";
import type { Marking } from "../queries.ts";
import { Arc, type ArcData } from "./arc.tsx";
import { FLIGHT_MS, type Flight, flightsOf } from "./flights.ts";
import { type Graph, type GraphNode, graphOf, type NetDefinition } from "./graph.ts";
import { boundsOf, layoutOf, SIZE } from "./layout.ts";
import { PlaceCircle, SubnetBox, TransitionBar } from "./nodes.tsx";
import { useFit } from "./use-fit.ts";

const nodeTypes = { place: PlaceCircle, transition: TransitionBar, subnet: SubnetBox };
const edgeTypes = { arc: Arc };

const NO_WAY: ArcData["way"] = [];

export interface CanvasProps {
  definition: NetDefinition;
  marking: Marking | null;
  /** Null for a moment of the past: nothing moves. */
  store: EventStore | null;
  /** ms since the epoch, of a moment of the past; null: now. */
  at: number | null;
  events: readonly NetEvent[];
  open: ReadonlySet<string>;
  chosen: string | null;
  onChoose: (node: GraphNode) => void;
  /** What became of parts between two versions. */
  marks?: ReadonlyMap<string, string>;
}

export function NetCanvas({ definition, marking, store, at, events, open, chosen, onChoose, marks }: CanvasProps) {
  const graph = useMemo(() => graphOf(definition, open), [definition, open]);
  const layout = useMemo(() => layoutOf(graph), [graph]);
  const flights = useFlights(store, graph);
  const failed = useMemo(() => failedLast(events), [events]);
  const clock = useNow();
  const now = at ?? clock;
  const bounds = useMemo(() => boundsOf(graph, layout), [graph, layout]);
  const { frame, refit, ...fit } = useFit(bounds);
  const nodes = useMemo(
    () =>
      graph.nodes.map(
        (node): Node => ({
          id: node.id,
          type: node.kind,
          position: layout.spots.get(node.id) ?? { x: 0, y: 0 },
          data: dataOf(node, marking, failed, now, chosen),
          draggable: false,
          connectable: false,
          ariaLabel: labelOf(node, marking, marks?.get(node.id)),
          className: marks?.get(node.id) ?? "",
          ...SIZE[node.kind],
        }),
      ),
    [graph, layout, marking, failed, now, chosen, marks],
  );
  const edges = useMemo(
    () =>
      graph.edges.map(
        (edge): Edge<ArcData> => ({
          id: edge.id,
          source: edge.from,
          target: edge.to,
          type: "arc",
          label: edge.label,
          focusable: false,
          markerEnd: { type: MarkerType.ArrowClosed, width: 14, height: 14 },
          data: { mode: edge.mode, flights: flights.filter((flight) => flight.edge === edge.id), way: layout.ways.get(edge.id) ?? NO_WAY },
        }),
      ),
    [graph, layout, flights],
  );
  // The drawing's own keys choose a node without telling.
  const byKey = (event: KeyboardEvent) => {
    const { id } = event.target instanceof HTMLElement && event.target.matches(".react-flow__node") ? event.target.dataset : {};
    if (id === undefined || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    choose(graph, id, onChoose);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the nodes inside, which have the focus
    <div className="canvas" ref={frame} onKeyDown={byKey}>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        {...fit}
        minZoom={0.1}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        // Its keys are taken from the whole page: the space bar would open nothing that stands beside the drawing.
        panActivationKeyCode={null}
        selectionKeyCode={null}
        multiSelectionKeyCode={null}
        deleteKeyCode={null}
        proOptions={{ hideAttribution: true }}
        onNodeClick={(_, { id }) => choose(graph, id, onChoose)}
      >
        <Background />
        <Controls showInteractive={false} onFitView={refit} />
      </ReactFlow>
    </div>
  );
}

function choose(graph: Graph, id: string, onChoose: CanvasProps["onChoose"]): void {
  const node = graph.nodes.find((one) => one.id === id);
  if (node) onChoose(node);
}

function dataOf(
  node: GraphNode,
  marking: Marking | null,
  failed: ReadonlySet<string>,
  now: number,
  chosen: string | null,
): Record<string, unknown> {
  const firings = marking?.firings ?? [];
  if (node.kind === "place")
    return { node, view: marking?.places.find(({ place }) => place === node.name) ?? null, now, chosen: chosen === node.id };
  const own = firings.filter(({ transition }) =>
    node.kind === "transition" ? transition === node.name : node.transitions.includes(transition),
  );
  const counts = { running: own.filter(({ gate }) => gate === null).length, gated: own.filter(({ gate }) => gate !== null).length };
  if (node.kind === "transition") return { node, ...counts, failed: failed.has(node.name), chosen: chosen === node.id };
  const tokens = (marking?.places ?? [])
    .filter(({ place }) => node.places.includes(place))
    .reduce((sum, { waiting, reserved }) => sum + waiting + reserved, 0);
  return { node, ...counts, tokens };
}

function labelOf(node: GraphNode, marking: Marking | null, mark: string | undefined): string {
  if (mark !== undefined) return `${node.kind} ${node.name}, ${mark}`;
  if (node.kind !== "place") return `${node.kind} ${node.name}`;
  const view = marking?.places.find(({ place }) => place === node.name);
  return `place ${node.name}, ${(view?.waiting ?? 0) + (view?.reserved ?? 0)} tokens`;
}

/** Transitions whose last firing failed for good. */
function failedLast(events: readonly NetEvent[]): ReadonlySet<string> {
  const failed = new Set<string>();
  for (const { transition, type, attributes } of events) {
    if (transition === undefined) continue;
    if (type === "fired") failed.delete(transition);
    else if (type === "failed" && attributes?.final === true) failed.add(transition);
  }
  return failed;
}

function useFlights(store: EventStore | null, graph: Graph): Flight[] {
  const [flights, setFlights] = useState<Flight[]>([]);
  const drawn = useRef(graph);
  drawn.current = graph;
  useEffect(() => {
    if (store === null || window.matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const timers = new Set<ReturnType<typeof setTimeout>>();
    const stop = store.onArrival((event) => {
      const started = flightsOf(event, drawn.current.edges);
      if (started.length === 0 || document.hidden) return;
      setFlights((before) => [...before, ...started].slice(-60));
      const timer = setTimeout(() => {
        timers.delete(timer);
        setFlights((before) => before.filter((flight) => !started.includes(flight)));
      }, FLIGHT_MS + 100);
      timers.add(timer);
    });
    return () => {
      stop();
      for (const timer of timers) clearTimeout(timer);
    };
  }, [store]);
  return flights;
}

function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 5000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
