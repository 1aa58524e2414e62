/** Whether a text is JSONata, for the checker. The library is loaded when it is needed: most nets have no use for it. */
import { createRequire } from "node:module";

const load = createRequire(import.meta.url);

/** Null for what parses; else what is wrong, and where, in UTF-16 units from 0. */
export function jsonataFault(text: string): { message: string; offset: number } | null {
  const jsonata = load("jsonata") as (text: string) => unknown;
  try {
    jsonata(text);
    return null;
  } catch (error) {
    const { message, position, code } = error as { message?: string; position?: number; code?: string };
    return { message: `JSONata ${code ?? ""}: ${message ?? "it does not parse"}`, offset: Math.max(0, (position ?? 1) - 1) };
  }
}
