/** Work on executors in one net: what runs on whom, what waits for a free hand, and what nobody who is there could do. */
import type { Broker } from "../contract/broker.ts";
import type { ExecutorPresence } from "../contract/envelope.ts";
import { isJsonObject, type JsonObject } from "../contract/json.ts";
import type { FiringView, MarkingView } from "../contract/marking.ts";
import type { NetDefinition } from "../net/definition.ts";
import { lacksOf, missingFor, missingText, type Needs, sessionHand, startCommand } from "../net/executor-match.ts";
import { flattenNet } from "../net/flatten.ts";
import { definitionAnswer, readAnswer } from "./answers.ts";
import { askNet } from "./ask.ts";

export interface RunningCommand {
  net: string;
  transition: string;
  firing: string;
  attempt: number;
  executor: string;
  persona: string | null;
  correlation: string;
  since: string;
}
export interface BlockedCommand {
  net: string;
  transition: string;
  firing: string;
  since: string;
  pool: string;
  /** What the nearest executor of the pool lacks; empty when nobody is in the pool. */
  missing: string[];
  text: string;
  /** What starts an executor that could do it. */
  command: string;
}

/** Errors: those of asking the owner. */
export async function workUnderWay(broker: Broker, net: string, executors: readonly ExecutorPresence[], known?: MarkingView) {
  const marking = known ?? ((await askNet(broker, net, "marking")) as unknown as MarkingView);
  const running = marking.firings.flatMap(({ executor, ...firing }) => (executor === null ? [] : [{ net, ...briefly(firing), executor }]));
  const unclaimed = marking.firings.filter(({ executor, gate }) => executor === null && gate === null);
  if (unclaimed.length === 0) return { running, waiting: [], blocked: [] };
  const { definition } = readAnswer(definitionAnswer, await askNet(broker, net, "definition"), "definition");
  const flat = flattenNet(definition as unknown as NetDefinition).definition as unknown as JsonObject;
  const waiting = unclaimed.flatMap((firing) => {
    const needs = needsOf(flat, firing.transition);
    return needs === null ? [] : [{ firing, needs, missing: missingFor(needs, executors) }];
  });
  return {
    running,
    waiting: waiting.filter(({ missing }) => missing === null).map(({ firing, needs }) => ({ net, ...briefly(firing), pool: needs.pool })),
    blocked: waiting.flatMap(({ firing, needs, missing }): BlockedCommand[] => {
      if (missing === null) return [];
      const told = { pool: missing.pool, missing: lacksOf(missing), text: missingText(missing) };
      return [{ net, ...briefly(firing), ...told, command: startCommand(needs, executors) }];
    }),
  };
}

function briefly({ transition, firing, attempt, persona, correlation, since }: Omit<FiringView, "executor">) {
  return { transition, firing, attempt, persona, correlation, since };
}

/** Null for what needs no executor. */
function needsOf(definition: JsonObject, transition: string): Needs | null {
  const all = isJsonObject(definition.transitions) ? definition.transitions : {};
  const own = all[transition];
  if (!isJsonObject(own)) return null;
  const labels = Array.isArray(own.labels) ? own.labels.map(String) : [];
  if (own.kind === "command") return { pool: String(own.pool ?? "code"), labels, hand: String(own.hand ?? "shell.run") };
  if (own.kind === "agent" && own.workspace !== undefined) return { pool: String(own.pool ?? "code"), labels, hand: sessionHand(own) };
  return null;
}
