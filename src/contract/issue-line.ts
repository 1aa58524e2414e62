/** What a schema does not like about a value, on one line: event lines and tables show only the first of several. */
import type { z } from "zod";

/** Clauses like `args.0: expected string, received number`, the first five; `whole` is what a fault of all of it is called. */
export function issueLine(error: z.ZodError, whole = "it"): string {
  const clauses = error.issues.map(({ path, message }) => {
    const said = message.replace(/^Invalid input: /, "").replaceAll(/\s+/g, " ");
    return `${path.map(String).join(".") || whole}: ${said}`;
  });
  const more = clauses.length > 5 ? [`${clauses.length - 5} more`] : [];
  return [...clauses.slice(0, 5), ...more].join("; ");
}
