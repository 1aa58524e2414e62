/** Full-text search by BM25+ (minisearch): words of the query, in any order; what has none of them is not found. */
import MiniSearch from "minisearch";

export interface Ranked {
  id: string;
  /** Higher fits better. */
  score: number;
}

export class RankedText {
  readonly #index = new MiniSearch<{ id: string; text: string }>({ fields: ["text"], processTerm: stem });

  constructor(texts: Iterable<{ id: string; text: string }>) {
    this.#index.addAll([...texts]);
  }

  find(query: string, limit: number): Ranked[] {
    return this.#index
      .search(query.slice(0, 8000), { combineWith: "OR", processTerm: stem })
      .slice(0, limit)
      .map(({ id, score }) => ({ id: String(id), score: Number(score.toPrecision(4)) }));
  }
}

const COMMON = new Set(
  "a an and are as at be been but by can do does for from has have if in into is it its may more must no not of on or should so than that the their then there these they this to was what when where which who will with you your".split(
    " ",
  ),
);

/** Plurals are the same word; the commonest words say nothing. */
function stem(term: string): string | null {
  const word = term.toLowerCase();
  if (COMMON.has(word)) return null;
  return word.length > 3 && word.endsWith("s") && !word.endsWith("ss") ? word.slice(0, -1) : word;
}
