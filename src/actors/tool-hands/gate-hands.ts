/** Gates as tools see them: what waits, and where people are asked. Nothing here decides. */
import { isoTime } from "../../contract/clock.ts";
import { findGates } from "../../net/gates.ts";
import type { GateHands } from "../../tools/hands.ts";
import type { Term } from "../term/term.ts";

export function gateHands(term: Term): GateHands {
  return {
    list: () =>
      findGates(term.state).map(({ gate, firing, transition, openedAt }) => ({
        gate: gate?.name ?? transition,
        firing,
        transition,
        since: isoTime(openedAt),
        approvers: gate?.approvers ?? [],
        quorum: gate?.quorum ?? 1,
        approvals: (gate?.decisions ?? []).filter(({ approve }) => approve).length,
      })),
    behind: (place) =>
      [...(term.net?.transitions.values() ?? [])]
        .filter(({ definition, inputs }) => definition.gate && inputs.some(({ arc }) => arc.place === place && arc.mode === "consume"))
        .map(({ id, definition }) => definition.gate?.name ?? id),
  };
}
