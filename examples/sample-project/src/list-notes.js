import { filterNotes } from "./note-filter.js";
import { pageOf } from "./page.js";

/** What `GET /notes` answers: which notes, by `filterNotes`, then how many and in which order, by `pageOf`. */
export function listNotes(store, query) {
  return { notes: pageOf(filterNotes(store.list(), query), query) };
}
