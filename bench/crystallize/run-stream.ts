/** One stream through crystallization, and through the two caches that it is compared with. */
import { canonicalJson, type Json } from "../../src/contract/json.ts";
import type { ToolCall } from "../../src/crystallize/example.ts";
import { type Cache, exactCache, nearestCache } from "./caches.ts";
import { Course, type CourseEvent } from "./course.ts";
import { chanceOf } from "./draws.ts";
import { startTeacher, type Teacher } from "./model.ts";
import type { Item, Stream } from "./stream.ts";

export interface Tally {
  /** For each item 1 where no model was asked. */
  alone: Uint8Array;
  /** Of those, how many differ from the truth. */
  wrong: number;
}
export interface StreamResult {
  stream: Stream;
  rule: Tally;
  exact: Tally;
  nearest: Tally;
  /** Share of the model's own answers that differ from the truth. */
  modelErrs: number;
  savedUsd: number;
  paidUsd: number;
  events: CourseEvent[];
  /** Firings from the change to the demotion; null: there was none. */
  demotedAfter: number | null;
}

export async function runStream(stream: Stream, size: number, errs: number, seed: number): Promise<StreamResult> {
  const teacher = await startTeacher(stream, size, errs, seed);
  try {
    const led = await lead(stream, teacher, errs, seed);
    const calls = (tools: readonly ToolCall[] = []): Json => tools.map(({ name, input }) => ({ name, input }));
    const erred = ({ truth, tools }: Item, at: number) => !same(truth, teacher.said[at]) || !same(calls(tools), calls(teacher.called[at]));
    const wrong = teacher.items.filter(erred).length;
    return { stream, ...led, exact: cached(exactCache(), teacher), nearest: cached(nearestCache(), teacher), modelErrs: wrong / size };
  } finally {
    await teacher.close();
  }
}

const same = (one: Json | undefined, other: Json | undefined): boolean => canonicalJson(one) === canonicalJson(other);

async function lead(stream: Stream, teacher: Teacher, errs: number, seed: number) {
  // The bound is declared by who knows the model: it cannot lie below what the model itself errs.
  const course = new Course({ bound: 0.05 + errs });
  const draws = chanceOf(seed + 2_000_003);
  const rule: Tally = { alone: new Uint8Array(teacher.items.length), wrong: 0 };
  let [paidUsd, asked] = [0, 0];
  for (const [at, { input, truth, tools }] of teacher.items.entries()) {
    const answer = course.alone(input, draws.draw(), tools);
    if (answer === undefined) {
      const asking = await teacher.ask(at);
      paidUsd += asking.costUsd;
      asked += 1;
      course.observed(at, { input, at: "", seq: at, ...asking });
      continue;
    }
    rule.alone[at] = 1;
    if (same(answer, truth)) continue;
    rule.wrong += 1;
    if (draws.chance(stream.reworks ?? 0)) course.reworked();
  }
  const change = stream.changesAt;
  const demoted = change === undefined ? undefined : course.events.find(({ what, at }) => what === "demoted" && at >= change);
  const savedUsd = (paidUsd / Math.max(1, asked)) * (teacher.items.length - asked);
  return { rule, paidUsd, savedUsd, events: course.events, demotedAfter: demoted && change !== undefined ? demoted.at - change + 1 : null };
}

function cached(cache: Cache, { items, said }: Teacher): Tally {
  const tally: Tally = { alone: new Uint8Array(items.length), wrong: 0 };
  for (const [at, { input, truth }] of items.entries()) {
    const answer = cache.answer(input);
    if (answer === undefined) {
      cache.learn(input, said[at] ?? null);
      continue;
    }
    tally.alone[at] = 1;
    if (!same(answer, truth)) tally.wrong += 1;
  }
  return tally;
}

/** Share of the items from one position to another that no model was asked about. */
export function shareAlone({ alone }: Tally, from: number, to: number): number {
  return alone.subarray(from, to).reduce((sum, one) => sum + one, 0) / Math.max(1, Math.min(to, alone.length) - from);
}

export function errorOf({ alone, wrong }: Tally): number {
  return wrong / Math.max(1, shareAlone({ alone, wrong }, 0, alone.length) * alone.length);
}
