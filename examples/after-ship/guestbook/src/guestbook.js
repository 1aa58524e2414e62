/** Keeps messages in memory, oldest first. */
export class Guestbook {
  #entries = [];

  /** Adds an entry `{name, text}`; without a name it is nobody's. */
  add({ name, text }, at = new Date()) {
    const entry = { text, at: at.toISOString(), ...(name ? { name } : {}) };
    this.#entries.push(entry);
    return entry;
  }

  list() {
    return [...this.#entries];
  }
}
