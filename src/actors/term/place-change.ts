/** What the place streams have not been told yet: by place, since an id's hash is known and that of a text made of both is not. */
import type { PlaceChange } from "../../contract/broker.ts";
import type { Token } from "../../contract/token.ts";

export class Change {
  readonly add = new Map<string, Map<string, Token>>();
  readonly remove = new Map<string, Set<string>>();
  /** Of `add`: the stream still holds one of this id, which was to be removed. */
  readonly #again = new Set<Token>();
  size = 0;

  added(place: string, token: Token): void {
    let tokens = this.add.get(place);
    if (!tokens) {
      tokens = new Map();
      this.add.set(place, tokens);
    }
    const before = tokens.get(token.id);
    if (this.remove.get(place)?.delete(token.id) === true || (before && this.#again.has(before))) this.#again.add(token);
    else if (!before) this.size += 1;
    tokens.set(token.id, token);
  }

  /** A token that came and went before it was published need not be seen. */
  removed(place: string, id: string): void {
    const tokens = this.add.get(place);
    const added = tokens?.get(id);
    if (added) {
      tokens?.delete(id);
      this.size -= 1;
      if (!this.#again.has(added)) return;
    }
    let ids = this.remove.get(place);
    if (!ids) {
      ids = new Set();
      this.remove.set(place, ids);
    }
    if (!ids.has(id)) this.size += 1;
    ids.add(id);
  }

  told(): PlaceChange {
    const change: PlaceChange = { add: [], remove: [] };
    for (const [place, tokens] of this.add) for (const token of tokens.values()) change.add.push({ place, token });
    for (const [place, ids] of this.remove) for (const id of ids) change.remove.push({ place, id });
    return change;
  }
}
