/** Lookup and decision tables: one answer for each value of a field, or of up to three fields together. */
import { canonicalJson, type Json } from "../contract/json.ts";
import type { Answer } from "../net/rule/answer.ts";
import { readTerm, viewOf } from "../net/rule/term.ts";
import type { Field } from "./fields.ts";
import { bestKeys, isRepeated, type Key, ROW_LEAD, ROW_LEAST } from "./table-keys.ts";
import { type Candidate, constantly, keyOf, makesSame, type Task, writtenIn } from "./task.ts";

const MOST_ROWS = 5000;
const MOST_TERMS = 24;

type Table = Answer & { kind: "table" };
type Row = Table["rows"][number];
type Lessons = Pick<Task, "inputs" | "targets" | "equality" | "written">;

interface Group {
  when: Json[];
  counts: Map<string, { value: Json | undefined; count: number }>;
}

export function learnTables(task: Task): Candidate[] {
  const keys = keysOf(task.columns.fields, task.inputs.length);
  return bestKeys(keys, writtenIn(task))
    .slice(-2)
    .flatMap((chosen) => tableOf(chosen, task) ?? []);
}

/** Of answers in words that differ: for each value of one place, the words that are most frequent there. */
export function usualTables(task: Task): Candidate[] {
  const usual = (group: Group): number => ranked(group)[0]?.count ?? 0;
  const [best] = keysOf(task.columns.fields, task.inputs.length)
    .map((key) => ({ key, groups: [...groupsOf([key], task).values()].filter((group) => usual(group) >= USUAL_LEAST) }))
    // Leave one out, as above: that a group's only example is its most frequent one says nothing.
    .map((one) => ({ ...one, score: one.groups.reduce((sum, group) => sum + usual(group) - 1, 0) }))
    .sort((one, other) => other.score - one.score);
  if (!best || best.groups.length < 2) return [];
  const rows = best.groups.flatMap((group) => {
    const [first] = ranked(group);
    return first?.value === undefined ? [] : [{ when: group.when, give: first.value, seen: first.count }];
  });
  if (rows.length === 0) return [];
  return [{ learner: "table of usual forms", answer: { kind: "table", keys: [best.key.term], rows: rows.slice(0, MOST_ROWS) } }];
}
const USUAL_LEAST = 3;

function keysOf(fields: Field[], size: number): Key[] {
  const keys: Key[] = [];
  for (const field of fields) {
    if (field.counts.size < 2) continue;
    if (isRepeated(field.counts.size, size)) keys.push({ term: { path: field.path }, values: field.values });
    if (!field.types.has("text")) continue;
    for (const view of ["folded", "head", "domain", "first-word", "last-word"] as const) {
      const values = field.values.map((value) => (value === undefined ? undefined : viewOf(value, view)));
      const distinct = new Set(values).size;
      // As a key of its own only where the view brings texts together that the plain field keeps apart.
      if (distinct >= 2 && distinct < field.counts.size && isRepeated(distinct, size))
        keys.push({ term: { path: field.path, of: view }, values });
    }
  }
  return keys.slice(0, MOST_TERMS);
}

function groupsOf(keys: Key[], task: Lessons): Map<string, Group> {
  const targets = writtenIn(task);
  const groups = new Map<string, Group>();
  for (let row = 0; row < task.inputs.length; row++) {
    const when = keys.map(({ values }) => values[row]);
    if (when.some((value) => value === undefined)) continue;
    const id = canonicalJson(when);
    const group = groups.get(id) ?? { when: when as Json[], counts: new Map() };
    groups.set(id, group);
    const target = targets[row];
    const key = keyOf(target);
    const known = group.counts.get(key);
    if (known) known.count += 1;
    else group.counts.set(key, { value: target, count: 1 });
  }
  return groups;
}

function ranked({ counts }: Group): { value: Json | undefined; count: number }[] {
  return [...counts.values()].sort((one, other) => other.count - one.count);
}

function tableOf(keys: Key[], task: Task): Candidate | null {
  const rows = sorted([...groupsOf(keys, task).values()].flatMap((group) => rowOf(group) ?? []));
  if (rows.length === 0) return null;
  const distinct = new Set(rows.map(({ give }) => keyOf(give)));
  if (distinct.size === 1) return { learner: "constant", answer: constantly(rows[0]?.give) };
  return {
    learner: keys.length === 1 ? "lookup" : "decision table",
    answer: { kind: "table", keys: keys.map(({ term }) => term), rows: rows.slice(0, MOST_ROWS) },
  };
}

/** Null: its examples are too few, or say too different things. */
function rowOf(group: Group): Row | null {
  const [first, second] = ranked(group);
  if (!first || first.value === undefined) return null;
  if (first.count < ROW_LEAST || first.count - (second?.count ?? 0) < ROW_LEAD) return null;
  return { when: group.when, give: first.value, seen: first.count };
}

const sorted = (rows: Row[]): Row[] =>
  rows.sort((one, other) => (other.seen ?? 0) - (one.seen ?? 0) || (canonicalJson(one.when) < canonicalJson(other.when) ? -1 : 1));

/** The same table with the rows that examples add, and without those that they speak against; itself where they change none. */
export function grownTable(table: Table, task: Lessons): Table {
  const keys = table.keys.map((term): Key => ({ term, values: task.inputs.map((input) => readTerm(input, term)) }));
  const groups = groupsOf(keys, task);
  const known = new Set(table.rows.map(({ when }) => canonicalJson(when)));
  const kept = table.rows.flatMap((row) => keptRow(row, groups.get(canonicalJson(row.when)), task) ?? []);
  const more = [...groups].flatMap(([id, group]) => (known.has(id) ? [] : (rowOf(group) ?? [])));
  const rows = sorted([...kept, ...more]).slice(0, MOST_ROWS);
  const changed =
    more.length > 0 || kept.length < table.rows.length || kept.some(({ give }, at) => keyOf(give) !== keyOf(table.rows[at]?.give));
  return changed && rows.length > 0 ? { ...table, rows } : table;
}

/** Examples that the row was learned from may be gone by now: it says itself on how many it rests. */
function keptRow(row: Row, group: Group | undefined, { equality }: Lessons): Row | null {
  if (!group) return row;
  const all = ranked(group);
  const isOwn = ({ value }: { value: Json | undefined }) => makesSame(equality, row.give, value);
  const seen = Math.max(
    row.seen ?? 0,
    all.filter(isOwn).reduce((sum, { count }) => sum + count, 0),
  );
  const against = all.find((one) => !isOwn(one))?.count ?? 0;
  if (seen - against >= ROW_LEAD) return { ...row, seen };
  const other = rowOf(group);
  return other && !makesSame(equality, row.give, other.give) ? other : null;
}
