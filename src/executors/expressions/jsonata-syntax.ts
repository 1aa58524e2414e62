/** Whether a text is JSONata, for the checker. The library is loaded when it is needed: most nets have no use for it. */
import { createRequire } from "node:module";

const load = createRequire(import.meta.url);

/** Null for what parses and gives the same result each time; else what is wrong, and where, in UTF-16 units from 0. */
export function jsonataFault(text: string): { message: string; offset: number } | null {
  const jsonata = load("jsonata") as (text: string) => { ast(): unknown };
  try {
    return chanceIn(jsonata(text).ast());
  } catch (error) {
    const { message, position, code } = error as { message?: string; position?: number; code?: string };
    return { message: `JSONata ${code ?? ""}: ${message ?? "it does not parse"}`, offset: Math.max(0, (position ?? 1) - 1) };
  }
}

const BY_CHANCE = new Set(["random", "shuffle"]);

/** The first name of a function that goes by chance, unless the expression gives that name a meaning of its own. */
function chanceIn(tree: unknown): { message: string; offset: number } | null {
  const bound = new Set<unknown>();
  const used: { value: string; position: number }[] = [];
  const open = [tree];
  while (open.length > 0) {
    const node = open.pop();
    if (typeof node !== "object" || node === null) continue;
    const { type, value, position, lhs, arguments: names } = node as Record<string, unknown>;
    if (type === "bind") bound.add((lhs as { value?: unknown } | undefined)?.value);
    if (type === "lambda" && Array.isArray(names)) for (const { value: name } of names as { value?: unknown }[]) bound.add(name);
    if (type === "variable" && typeof value === "string" && BY_CHANCE.has(value)) used.push({ value, position: Number(position ?? 1) });
    open.push(...Object.values(node));
  }
  const first = used.sort((a, b) => a.position - b.position).find(({ value }) => !bound.has(value));
  if (!first) return null;
  const offset = Math.max(0, first.position - first.value.length - 1);
  return { message: `$${first.value} would give another result each time, and the same firing must give the same one`, offset };
}
