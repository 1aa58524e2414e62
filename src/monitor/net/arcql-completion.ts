/** What may come next in a question in ArcQL: words of the language, places, fields and values that the tokens here have. Pure. */
import type { Json } from "../../contract/json.ts";

export interface Completion {
  /** What it becomes in the text. */
  text: string;
  kind: "field" | "value" | "place" | "word" | "function";
  /** A field's values, or what a word does. */
  about?: string;
}
export interface Completions {
  /** What is replaced: the text from here to the cursor. */
  from: number;
  items: Completion[];
}
export interface Known {
  places: readonly string[];
  /** Path -> texts and numbers that it has. */
  fields: ReadonlyMap<string, readonly Json[]>;
}

const ENVELOPE: [path: string, about: string][] = [
  ["$meta.at", "when it was made"],
  ["$meta.by", "who made it"],
  ["$meta.id", "its id"],
  ["$meta.correlation", "its story"],
  ["$meta.place", "where it lies"],
];
const FUNCTIONS = ["len(", "lower(", "upper(", "trim(", "default(", "now()"];
const SUMS = ["count(*)", "sum(", "avg(", "min(", "max("];
const COMPARISONS = ["==", "!=", "<", "<=", ">", ">=", "IN (", "CONTAINS"];
const CLAUSES = ["WHERE", "GROUP BY", "ORDER BY", "LIMIT"];
const MOST = 12;

type Place = "start" | "places" | "after places" | "operand" | "operator" | "columns" | "keys" | "after key" | "nothing";

/** Keys of objects in the tokens, two deep, with some of their values. */
export function fieldsIn(tokens: readonly { data: Json }[]): Map<string, Json[]> {
  const fields = new Map<string, Json[]>();
  const walk = (value: Json, path: string, depth: number) => {
    if (depth === 0 || typeof value !== "object" || value === null || Array.isArray(value)) return;
    for (const [name, inner] of Object.entries(value)) {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) continue;
      const values = fields.get(path + name) ?? [];
      const plain = typeof inner === "number" || typeof inner === "boolean" || (typeof inner === "string" && inner.length <= 60);
      if (plain && !values.includes(inner) && values.length < MOST) values.push(inner);
      fields.set(path + name, values);
      walk(inner, `${path}${name}.`, depth - 1);
    }
  };
  for (const { data } of tokens.slice(0, 50)) walk(data, "", 2);
  return fields;
}

/** The question as it is asked: a condition or an order alone is of the place that is open. */
export function wholeQuery(text: string): string {
  const first = text.trim();
  if (/^(from|select)\b/i.test(first)) return first;
  return /^(order\s+by|group\s+by|limit|where|as\s+of)\b/i.test(first) ? `FROM $ ${first}` : `FROM $ WHERE ${first}`;
}

export function completionsFor(text: string, cursor: number, known: Known): Completions {
  const before = text.slice(0, cursor);
  const quoted = /"([^"\\]*)$/.exec(before);
  if (quoted && inQuotes(before)) return { from: quoted.index, items: fitting(valuesFor(before.slice(0, quoted.index), known), quoted[0]) };
  const word = /[$A-Za-z_][$\w.-]*$|[<>=!]+$/.exec(before)?.[0] ?? "";
  const from = cursor - word.length;
  const lead = before.slice(0, from);
  return { from, items: fitting(offers(lead, known), word) };
}

/** The text with the completion put in, and where the cursor stands then. */
export function completed(text: string, cursor: number, from: number, { text: word }: Completion): { text: string; cursor: number } {
  const behind = text.slice(cursor);
  const space = word.endsWith("(") || behind.startsWith(" ") ? "" : " ";
  return { text: text.slice(0, from) + word + space + behind, cursor: from + word.length + (behind.startsWith(" ") ? 1 : space.length) };
}

const inQuotes = (text: string): boolean => (text.replaceAll(/\\./g, "").match(/"/g)?.length ?? 0) % 2 === 1;

/** What has been begun comes first where it begins a word, then where it stands in one. */
function fitting(items: Completion[], begun: string): Completion[] {
  const wanted = begun.toLowerCase();
  const of = (test: (text: string) => boolean) => items.filter(({ text }) => test(text.toLowerCase()) && text !== begun);
  const first = of((text) => text.startsWith(wanted));
  const inside = wanted.length < 2 ? [] : of((text) => text.includes(wanted) && !text.startsWith(wanted));
  return [...first, ...inside].slice(0, MOST);
}

function offers(lead: string, known: Known): Completion[] {
  const words = (texts: readonly string[]): Completion[] => texts.map((text) => ({ text, kind: "word" }));
  const functions = (texts: readonly string[]): Completion[] => texts.map((text) => ({ text, kind: "function" }));
  const fields = (): Completion[] => [
    ...[...known.fields].map(([text, values]): Completion => {
      const about = values
        .slice(0, 3)
        .map((value) => JSON.stringify(value))
        .join(", ");
      return { text, kind: "field", ...(about === "" ? {} : { about }) };
    }),
    ...ENVELOPE.map(([text, about]): Completion => ({ text, kind: "field", about })),
  ];
  const places = (): Completion[] => [
    { text: "$", kind: "place", about: "this place" },
    ...known.places.map((text): Completion => ({ text, kind: "place" })),
  ];
  switch (placeIn(lead)) {
    case "start":
      return [...fields(), ...words(["FROM", "SELECT", "NOT", "EXISTS"]), ...functions(FUNCTIONS)];
    case "places":
      return places();
    case "after places":
      return words([...CLAUSES, "AS OF"]);
    case "operand":
      return [...valuesFor(lead, known), ...fields(), ...words(["NOT", "EXISTS"]), ...functions(FUNCTIONS)];
    case "operator":
      return words([...COMPARISONS, "AND", "OR", ...CLAUSES.slice(1)]);
    case "columns":
      return [...fields(), ...functions([...SUMS, ...FUNCTIONS]), ...words(["AS", "FROM"])];
    case "keys":
      return fields();
    case "after key":
      return words(["DESC", "ASC", "LIMIT"]);
    default:
      return [];
  }
}

/** Where in a query the cursor stands, by what stands before it. */
function placeIn(lead: string): Place {
  const plain = lead.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  if (plain.trim() === "") return "start";
  const clauses = [...plain.matchAll(/\b(select|from|where|group\s+by|order\s+by|limit|as\s+of)\b/gi)];
  const newest = clauses.at(-1);
  const clause = newest?.[0].toLowerCase().replaceAll(/\s+/g, " ") ?? "where";
  const rest = plain.slice(newest ? newest.index + newest[0].length : 0);
  const open = rest.trim() === "" || /[,(]\s*$/.test(rest);
  if (clause === "select") return "columns";
  if (clause === "from") return open ? "places" : "after places";
  if (clause === "group by") return open ? "keys" : "after key";
  if (clause === "order by") return open ? "keys" : "after key";
  if (clause === "limit" || clause === "as of") return "nothing";
  const isOperand = open || /(==|!=|<=|>=|<|>|\b(and|or|not|in|contains|exists)\b|[-+*/])\s*$/i.test(rest);
  return isOperand ? "operand" : "operator";
}

/** Values of the field that is compared just before. */
function valuesFor(lead: string, { fields }: Known): Completion[] {
  const [, path = ""] = /(?:\$\.)?([A-Za-z_][\w.]*)\s*(?:==|!=|<=|>=|<|>|\bin\s*\((?:[^()]*,)?|\bcontains\b)\s*$/i.exec(lead) ?? [];
  return (fields.get(path) ?? []).map((value) => ({ text: JSON.stringify(value), kind: "value" }));
}
