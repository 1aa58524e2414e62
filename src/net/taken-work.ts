/** The commit that a token carries, wherever in its data, and the same data with another commit in its place. Pure. */
import { derivedId } from "../contract/hash.ts";
import { isJsonObject, type Json, type JsonObject } from "../contract/json.ts";

/** Where a task's work stands: its repository and branch, and the commit so far. */
export interface TaskWork {
  repo: string;
  base: string;
  branch: string;
  /** Null: nothing has been committed yet. */
  head: string | null;
  /** The reference of the bundle that holds `head`, or null. */
  bundle: Json;
  title: string;
}

/** The id of a token while it is taken over. */
export const takenId = (source: string) => derivedId("t-", source, "takeover");

/** How deep a task may lie in its token: a verdict holds the change that it is about. */
const DEPTH = 3;

export function workOf(data: Json): TaskWork | null {
  const task = taskIn(data, DEPTH);
  if (!task) return null;
  const work = isJsonObject(task.work) ? task.work : {};
  const head = [work.head, task.head, task.from].find(isText) ?? null;
  return {
    repo: String(task.repo),
    base: isText(task.base) ? task.base : "main",
    branch: String(task.branch),
    head,
    bundle: work.bundle ?? task.bundle ?? null,
    title: [task.title, task.task, task.branch].find(isText) ?? "a task",
  };
}

/** What tests read is `work`, what a developer goes on from is `from` and `bundle`: both say the new commit. */
export function withWork(data: Json, work: JsonObject, said: JsonObject): Json {
  const task = taskIn(data, DEPTH);
  return task ? replaced(data, task, changed(task, work, said)) : data;
}

function changed(task: JsonObject, work: JsonObject, said: JsonObject): JsonObject {
  return {
    ...task,
    work,
    said,
    ...(task.from === undefined ? {} : { from: work.head ?? null, bundle: work.bundle ?? null }),
    // An empty diff was taken out on purpose: the token has gone past those who read it.
    ...(isText(task.diff) ? { diff: work.diff ?? "" } : {}),
    ...(task.files === undefined ? {} : { files: work.files ?? [] }),
  };
}

function taskIn(data: Json, depth: number): JsonObject | null {
  if (!isJsonObject(data) || depth === 0) return null;
  if (isText(data.repo) && isText(data.branch)) return data;
  for (const value of Object.values(data)) {
    const found = taskIn(value ?? null, depth - 1);
    if (found) return found;
  }
  return null;
}

function replaced(data: Json, task: JsonObject, by: JsonObject): Json {
  if (data === task) return by;
  if (!isJsonObject(data)) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, replaced(value ?? null, task, by)]));
}

function isText(value: Json | undefined): value is string {
  return typeof value === "string" && value !== "";
}
