/** What a person changes in the tokens that wait at a gate, from the command line to the request: new data by token id. Pure. */
import * as z from "zod";
import type { GateRow } from "../client/answers.ts";
import { usage } from "../client/usage.ts";
import { isJsonObject, type Json } from "../contract/json.ts";

const heldSchema = z.array(z.looseObject({ input: z.string(), place: z.string(), id: z.string(), data: z.json() }));
type Held = z.output<typeof heldSchema>[number];
export type Edits = Record<string, Json>;

/**
 * `file`: the text of a file with the whole new data of the one token that waits, or of several by their ids. `sets`: `path=json`, where a path
 * begins with the input's name if several wait. Null for no change. Errors: Terminal usage.
 */
export function gateEdits(row: GateRow, file: string | undefined, sets: readonly string[]): Edits | null {
  if (file === undefined && sets.length === 0) return null;
  const held = heldSchema.safeParse(row.tokens).data ?? [];
  if (held.length === 0) throw usage(`nothing that waits at ${row.gate} can be changed`, `petrel gate ls --json shows what waits`);
  const edits: Edits = file === undefined ? {} : fromFile(held, jsonOf(file, "the file of --edit"));
  for (const text of sets) {
    const cut = text.indexOf("=");
    if (cut < 1) throw usage(`--set takes path=json, not "${text}"`, `like --set 'title="another"'`);
    const { token, path } = whereOf(held, text.slice(0, cut));
    edits[token.id] = changed(edits[token.id] ?? token.data, path, jsonOf(text.slice(cut + 1), text.slice(0, cut)), text);
  }
  return edits;
}

function fromFile(held: readonly Held[], value: Json): Edits {
  const [only] = held;
  const ids = new Set(held.map(({ id }) => id));
  const names = isJsonObject(value) ? Object.keys(value) : [];
  if (isJsonObject(value) && names.length > 0 && names.every((name) => ids.has(name))) return { ...(value as Edits) };
  if (only && held.length === 1) return { [only.id]: value };
  throw usage(
    `${held.length} tokens wait, and the file does not say which it changes`,
    `by their ids: {${held.map(({ id, input }) => `"${id}": {...the data of ${input}}`).join(", ")}}`,
  );
}

function whereOf(held: readonly Held[], text: string): { token: Held; path: string[] } {
  const [first = "", ...rest] = text.split(".");
  const named = held.filter(({ input }) => input === first);
  const [only] = held;
  const index = named.length > 1 && /^\d+$/.test(rest[0] ?? "") ? Number(rest[0]) : 0;
  const token = named[index];
  if (token && (named.length === 1 || rest[0] === String(index)) && rest.length > 0)
    return { token, path: named.length === 1 ? rest : rest.slice(1) };
  if (only && held.length === 1) return { token: only, path: [first, ...rest] };
  const inputs = [...new Set(held.map(({ input }) => input))];
  throw usage(
    `"${text}" does not say which of ${held.length} tokens it changes`,
    `begin with the input: ${inputs.map((input) => `${input}${held.filter((one) => one.input === input).length > 1 ? ".0" : ""}.field`).join(", ")}`,
  );
}

/** A copy with the value at the path; objects on the way are made. */
function changed(data: Json, [step = "", ...path]: readonly string[], value: Json, text: string): Json {
  if (Array.isArray(data)) {
    const at = Number(step);
    if (!Number.isSafeInteger(at) || at < 0 || at > data.length) throw usage(`${text}: "${step}" is no place in a list of ${data.length}`);
    const copy = [...data];
    copy[at] = path.length === 0 ? value : changed(data[at] ?? {}, path, value, text);
    return copy;
  }
  if (!isJsonObject(data)) throw usage(`${text}: "${step}" lies in ${JSON.stringify(data)}, which has no fields`);
  if (step === "" || step === "__proto__") throw usage(`${text}: "${step}" is no field`);
  return { ...data, [step]: path.length === 0 ? value : changed(data[step] ?? {}, path, value, text) };
}

function jsonOf(text: string, what: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw usage(`${what} is no JSON: ${text.slice(0, 200)}`, `a text stands in quotes: --set 'title="another"'`);
  }
}
