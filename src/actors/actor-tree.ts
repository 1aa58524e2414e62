/** The tree of actors as data: what `petrel actors` prints. */
import type { AnyActorRef } from "xstate";
import type { Json } from "../contract/json.ts";
import { SUBNET } from "./net-machine.ts";

export interface ActorNode {
  id: string;
  systemId: string | null;
  kind: "runtime" | "net" | "subnet" | "instance" | "persona" | "work";
  state: string;
  busy?: string[];
  children: ActorNode[];
}

/** Instances of sub-nets that are open in a net, each by its firing. */
export type InstancesOf = (net: string) => { subnet: string; firing: string }[];

export function actorTree(root: AnyActorRef, instances: InstancesOf = () => []): ActorNode {
  return nodeOf(root, "runtime", instances);
}

function nodeOf(actor: AnyActorRef, kind: ActorNode["kind"], instances: InstancesOf): ActorNode {
  const snapshot: unknown = actor.getSnapshot();
  const parts = snapshot as {
    value?: unknown;
    status?: string;
    children?: Record<string, AnyActorRef | undefined>;
    context?: { busy?: string[] };
  };
  const children = Object.values(parts.children ?? {}).filter((child) => child !== undefined);
  const node: ActorNode = {
    id: kind === "subnet" ? actor.id.slice(SUBNET.length) : actor.id,
    systemId: (actor as { systemId?: string }).systemId ?? null,
    kind,
    state: typeof parts.value === "string" ? parts.value : (parts.status ?? "active"),
    children: kind === "net" ? netChildren(actor.id, children, instances) : children.map((child) => nodeOf(child, BELOW[kind], instances)),
  };
  if (parts.context?.busy) node.busy = parts.context.busy;
  return node;
}

const BELOW = { runtime: "net", net: "persona", persona: "work", work: "work", subnet: "work", instance: "work" } as const;

/** Personas stand under the sub-net that their transition stands in, sub-nets under the one around them, with their open instances. */
function netChildren(net: string, children: AnyActorRef[], instances: InstancesOf): ActorNode[] {
  const subnets = children.filter(({ id }) => id.startsWith(SUBNET)).map((child) => nodeOf(child, "subnet", instances));
  const byPath = new Map(subnets.map((node) => [node.id, node]));
  const top: ActorNode[] = [];
  const placeUnder = (node: ActorNode, name: string) => {
    const cut = name.lastIndexOf("--");
    (cut === -1 ? top : (byPath.get(name.slice(0, cut))?.children ?? top)).push(node);
  };
  // A net invokes its lease and its term as actors too; people look for personas.
  for (const child of children) if (child.id.includes("/")) placeUnder(nodeOf(child, "persona", instances), child.id.split("/")[0] ?? "");
  for (const node of subnets) placeUnder(node, node.id);
  for (const { subnet, firing } of instances(net)) {
    byPath.get(subnet)?.children.push({ id: firing, systemId: null, kind: "instance", state: "open", children: [] });
  }
  return top;
}

export function treeJson(node: ActorNode): Json {
  return node as unknown as Json;
}
