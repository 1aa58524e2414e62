/** The tree of actors as data: what `petrel actors` prints. */
import type { AnyActorRef } from "xstate";
import type { Json } from "../contract/json.ts";

export interface ActorNode {
  id: string;
  systemId: string | null;
  kind: "runtime" | "net" | "persona" | "work";
  state: string;
  busy?: string[];
  children: ActorNode[];
}

export function actorTree(root: AnyActorRef): ActorNode {
  return nodeOf(root, "runtime");
}

function nodeOf(actor: AnyActorRef, kind: ActorNode["kind"]): ActorNode {
  const snapshot: unknown = actor.getSnapshot();
  const parts = snapshot as {
    value?: unknown;
    status?: string;
    children?: Record<string, AnyActorRef | undefined>;
    context?: { busy?: string[] };
  };
  const below = { runtime: "net", net: "persona", persona: "work", work: "work" } as const;
  const children = Object.values(parts.children ?? {}).filter((child) => child !== undefined);
  // A net invokes its lease and its term as actors too; people look for personas.
  const shown = kind === "net" ? children.filter(({ id }) => id.includes("/")) : children;
  const node: ActorNode = {
    id: actor.id,
    systemId: (actor as { systemId?: string }).systemId ?? null,
    kind,
    state: typeof parts.value === "string" ? parts.value : (parts.status ?? "active"),
    children: shown.map((child) => nodeOf(child, below[kind])),
  };
  if (parts.context?.busy) node.busy = parts.context.busy;
  return node;
}

export function treeJson(node: ActorNode): Json {
  return node as unknown as Json;
}
