/** How places, transitions and sub-nets are drawn: round, barred, boxed. */
import { Handle, type NodeProps, Position } from "@xyflow/react";
import type { PlaceView } from "../../contract/marking.ts";
import { ageOf } from "../words.ts";
import type { PlaceNode, SubnetNode, TransitionNode } from "./graph.ts";

export interface PlaceData extends Record<string, unknown> {
  node: PlaceNode;
  view: PlaceView | null;
  now: number;
  chosen: boolean;
}
export interface TransitionData extends Record<string, unknown> {
  node: TransitionNode;
  running: number;
  gated: number;
  failed: boolean;
  chosen: boolean;
}
export interface SubnetData extends Record<string, unknown> {
  node: SubnetNode;
  tokens: number;
  running: number;
  gated: number;
}

/** Arcs end at the circle, not at the box with its caption. */
const LEFT_OF_CIRCLE = { top: 23, left: 13 };
/** Before the bar, which is a border: behind it no arrow head would be seen. */
const LEFT_OF_BAR = { left: -8 };
const RIGHT_OF_CIRCLE = { top: 23, right: 13 };
const ICONS: Record<string, string> = { pass: "→", map: "ƒ", http: "⇅", llm: "✦", agent: "◆", command: "▸", link: "⇥" };

export function PlaceCircle({ data }: NodeProps & { data: PlaceData }) {
  const { node, view, now, chosen } = data;
  const count = view ? view.waiting + view.reserved : 0;
  const age = view?.oldestAt ? ageOf(now - Date.parse(view.oldestAt)) : "";
  return (
    <div className={`place${count > 0 ? " filled" : ""}${chosen ? " chosen" : ""}`}>
      <Handle type="target" position={Position.Left} style={LEFT_OF_CIRCLE} isConnectable={false} />
      <span className="circle">{count > 0 ? count : ""}</span>
      <span className="caption" title={node.title}>
        {node.name.split("--").at(-1)}
      </span>
      <span className="age">{age}</span>
      <Handle type="source" position={Position.Right} style={RIGHT_OF_CIRCLE} isConnectable={false} />
    </div>
  );
}

export function TransitionBar({ data }: NodeProps & { data: TransitionData }) {
  const { node, running, gated, failed, chosen } = data;
  const { kind, persona, gate, to } = node.definition;
  const state = gated > 0 ? "gated" : running > 0 ? "running" : failed ? "failed" : "";
  const words = gated > 0 ? `${gated} waiting for people` : running > 0 ? `${running} running` : failed ? "failed last" : "";
  return (
    <div className={`transition ${state}${chosen ? " chosen" : ""}`}>
      <Handle type="target" position={Position.Left} style={LEFT_OF_BAR} isConnectable={false} />
      <span className="kind" title={kind}>
        {ICONS[kind] ?? "?"}
        <span className="hidden">{kind}</span>
      </span>
      <span className="caption" title={node.title}>
        {node.name.split("--").at(-1)}
      </span>
      <span className="who">
        {persona ?? (to?.net === undefined ? kind : `${kind} to ${to.net}`)}
        {gate ? " ⚑" : ""}
      </span>
      {words !== "" && <span className="state">{words}</span>}
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  );
}

export function SubnetBox({ data }: NodeProps & { data: SubnetData }) {
  const { node, tokens, running, gated } = data;
  return (
    <div className={`subnet${gated > 0 ? " gated" : running > 0 ? " running" : ""}`}>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <span className="caption">{node.title}</span>
      <span className="who">
        {node.transitions.length} transitions, {tokens} tokens
      </span>
      <span className="state">open it</span>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  );
}
