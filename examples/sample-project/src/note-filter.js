import { InvalidInput } from "./validation.js";

/**
 * The notes that a query asks for.
 * `since`: an ISO time; only notes made then or later.
 */
export function filterNotes(notes, query) {
  const since = query.get("since");
  if (since === null) return notes;
  const from = Date.parse(since);
  if (Number.isNaN(from)) throw new InvalidInput("since must be an ISO time");
  return notes.filter((note) => Date.parse(note.createdAt) >= from);
}
