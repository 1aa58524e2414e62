/** For screens that tell events: which of them are rework, by the definition that runs. */
import { useMemo } from "react";
import { useDefinition } from "../queries.ts";
import { type SentBack, sentBackIn } from "./back-arcs.ts";
import type { NetDefinition } from "./graph.ts";

const NEVER: SentBack = () => false;

export function useSentBack(net: string): SentBack {
  const { data } = useDefinition(net, null);
  const definition = data?.definition;
  return useMemo(() => (definition === undefined ? NEVER : sentBackIn(definition as NetDefinition)), [definition]);
}
