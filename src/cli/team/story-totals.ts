/** What a story cost and made, added up from its events. Pure. */
import type { NetEvent } from "../../contract/event.ts";
import { isJsonObject } from "../../contract/json.ts";
import type { NetDefinition, TransitionKind } from "../../net/definition.ts";

export interface PersonaCost {
  persona: string;
  calls: number;
  inputTokens: number;
  outputTokens: number;
  costUsd: number;
  listUsd: number;
}
export interface TaskOutcome {
  task: string;
  title: string;
  attempts: number;
  branch: string;
  head: string | null;
}
export interface StoryTotals {
  tokens: number;
  firings: Partial<Record<TransitionKind, number>>;
  byPersona: PersonaCost[];
  modelCalls: number;
  costUsd: number;
  listUsd: number;
  reworkRounds: number;
  recoveries: number;
  tasks: TaskOutcome[];
}

export function storyTotals(events: readonly NetEvent[], definition: NetDefinition): StoryTotals {
  const totals: StoryTotals = {
    tokens: 0,
    firings: {},
    byPersona: [],
    modelCalls: 0,
    costUsd: 0,
    listUsd: 0,
    reworkRounds: 0,
    recoveries: 0,
    tasks: [],
  };
  const personas = new Map<string, PersonaCost>();
  const tasks = new Map<string, TaskOutcome>();
  for (const event of events) {
    totals.tokens += event.produced?.length ?? 0;
    if (event.type === "lapsed" && event.attributes?.handed === undefined) totals.recoveries += 1;
    if (event.type === "fired" && event.transition) {
      const kind = definition.transitions[event.transition]?.kind;
      if (kind) totals.firings[kind] = (totals.firings[kind] ?? 0) + 1;
    }
    for (const { place, token } of event.produced ?? []) {
      if (!isJsonObject(token.data) || typeof token.data.task !== "string") continue;
      const attempt = Number(token.data.attempt ?? 1);
      if (place === "tasks" && attempt > 1) totals.reworkRounds += 1;
      if (place === "tasks" || place === "accepted") {
        const work = isJsonObject(token.data.work) ? token.data.work : {};
        tasks.set(token.data.task, {
          task: token.data.task,
          title: String(token.data.title ?? ""),
          attempts: attempt,
          branch: String(token.data.branch ?? ""),
          head: place === "accepted" && typeof work.head === "string" ? work.head : null,
        });
      }
    }
    if (event.model) addCost(personas, event);
  }
  totals.byPersona = [...personas.values()];
  for (const { calls, costUsd, listUsd } of totals.byPersona) {
    totals.modelCalls += calls;
    totals.costUsd += costUsd;
    totals.listUsd += listUsd;
  }
  totals.tasks = [...tasks.values()];
  return totals;
}

function addCost(personas: Map<string, PersonaCost>, { model, persona = "?" }: NetEvent): void {
  if (!model) return;
  const sum = personas.get(persona) ?? { persona, calls: 0, inputTokens: 0, outputTokens: 0, costUsd: 0, listUsd: 0 };
  sum.calls += model.calls;
  sum.inputTokens += model.inputTokens;
  sum.outputTokens += model.outputTokens;
  sum.costUsd += model.costUsd;
  sum.listUsd += model.listUsd ?? model.costUsd;
  personas.set(persona, sum);
}
