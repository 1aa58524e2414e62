/** What each story cost its models, from the log, and the curve of it as a small chart. Pure. */
import type { NetEvent } from "../../../contract/event.ts";
import { isJsonObject } from "../../../contract/json.ts";
import { STEADY } from "./steady-net.ts";

export interface StoryCost {
  story: number;
  title: string;
  /** At list prices: recorded answers are not paid for. */
  usd: number;
  /** Of it: the steps that are to settle. */
  steadyUsd: number;
  modelCalls: number;
  /** Firings of each steady step that a model did, and that its rule did. */
  steps: Record<string, { model: number; rule: number }>;
  ms: number;
}

export function costOf(story: number, title: string, events: readonly NetEvent[], ms: number): StoryCost {
  const cost: StoryCost = { story, title, usd: 0, steadyUsd: 0, modelCalls: 0, steps: {}, ms };
  for (const name of STEADY) cost.steps[name] = { model: 0, rule: 0 };
  for (const { type, transition = "", model, attributes } of events) {
    const step = cost.steps[transition];
    const usd = model?.listUsd ?? model?.costUsd ?? 0;
    cost.usd += usd;
    cost.modelCalls += model?.calls ?? 0;
    if (!step) continue;
    cost.steadyUsd += usd;
    if (type !== "fired") continue;
    const said = attributes?.crystal;
    if (isJsonObject(said) && said.by === "rule") step.rule += 1;
    else step.model += 1;
  }
  return cost;
}

const HEIGHT = 8;
const EIGHTHS = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/** Columns of a value for each story, with the greatest and zero at the side. */
export function chart(title: string, values: readonly number[], height = HEIGHT): string[] {
  const most = Math.max(...values, Number.MIN_VALUE);
  const rows = Array.from({ length: height }, (_, at) => {
    const floor = height - 1 - at;
    const cells = values.map((value) => {
      const eighths = Math.round((value / most) * height * 8) - floor * 8;
      return EIGHTHS[Math.max(0, Math.min(8, eighths))]?.repeat(2) ?? "";
    });
    const label = at === 0 ? most.toFixed(4) : floor === 0 ? "0" : "";
    return `${label.padStart(8)} │${cells.join(" ")}`;
  });
  const foot = values.map((_, at) => String(at + 1).padStart(2)).join(" ");
  return [title, ...rows, `${" ".repeat(8)} └${"─".repeat(Math.max(0, values.length * 3 - 1))}`, `${" ".repeat(10)}${foot}`];
}
