/** The words of a text: runs of letters and digits, in lower case. What conditions on words compare. */

/** A rule asks for many words of the same text: the last few texts keep their words. */
const remembered = new Map<string, ReadonlySet<string>>();
const MOST_REMEMBERED = 64;

/** Words beyond are not looked at, so that a text of any length costs a bounded time. */
export const MOST_WORDS = 20_000;

export function wordsOf(text: string): ReadonlySet<string> {
  const known = remembered.get(text);
  if (known) return known;
  const words = new Set(wordList(text));
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  remembered.set(text, words);
  return words;
}

/** In order, with repetitions. */
export function wordList(text: string): string[] {
  return (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).slice(0, MOST_WORDS);
}
