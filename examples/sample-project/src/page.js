import { InvalidInput } from "./validation.js";

/**
 * Brings notes, oldest first, into the form that a query asks for.
 * `order`: "oldest" (default) or "newest" first.
 */
export function pageOf(notes, query) {
  const order = query.get("order") ?? "oldest";
  if (order !== "oldest" && order !== "newest") throw new InvalidInput('order must be "oldest" or "newest"');
  return order === "newest" ? notes.toReversed() : notes;
}
