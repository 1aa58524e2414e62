/** Keeps notes in memory, oldest first. Ids count from 1 and are never given twice. */
export class NoteStore {
  #notes = new Map();
  #nextId = 1;

  /** Adds a note `{title, text}` and returns it with its id and time. */
  add({ title, text }, at = new Date()) {
    const note = { id: String(this.#nextId++), title, text, createdAt: at.toISOString() };
    this.#notes.set(note.id, note);
    return note;
  }

  /** The note with this id, or undefined. */
  get(id) {
    return this.#notes.get(id);
  }

  /** All notes, oldest first. */
  list() {
    return [...this.#notes.values()];
  }

  /** Removes a note; says whether there was one. */
  remove(id) {
    return this.#notes.delete(id);
  }
}
