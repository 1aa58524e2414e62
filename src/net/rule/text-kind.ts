/** What a text is made of: its characters by kind, its words by whether they are known. Both cost time linear in the text. */
import * as z from "zod";
import { wordsOf } from "./words.ts";

const SCRIPTS = [
  ...["Latin", "Greek", "Cyrillic", "Armenian", "Hebrew", "Arabic", "Devanagari", "Bengali", "Tamil", "Thai", "Georgian", "Hangul"],
  ...["Hiragana", "Katakana", "Han"],
] as const;
export const CHARACTER_KINDS = [...SCRIPTS, "letter", "mark", "digit", "space", "line", "punctuation", "symbol"] as const;
export type CharacterKind = (typeof CHARACTER_KINDS)[number];

export const characterFields = {
  kinds: z
    .array(z.enum(CHARACTER_KINDS))
    .max(CHARACTER_KINDS.length)
    .describe("Letters of a script or of any; `space` and tab, the ends of a `line`; `symbol` is one of money or mathematics"),
  also: z.string().max(200).optional().describe("Single characters beside these"),
};
export interface Characters {
  kinds: CharacterKind[];
  also?: string | undefined;
}

const CLASSES: Record<Exclude<CharacterKind, (typeof SCRIPTS)[number]>, string> = {
  letter: "\\p{L}",
  mark: "\\p{M}",
  digit: "\\p{Nd}",
  space: " \\t\\u00a0",
  line: "\\n\\r",
  punctuation: "\\p{P}",
  symbol: "\\p{Sc}\\p{Sm}`^",
};

const classOf = (kind: CharacterKind): string => (kind in CLASSES ? CLASSES[kind as keyof typeof CLASSES] : `\\p{Script=${kind}}`);

const compiled = new WeakMap<Characters, RegExp>();

/** One class, again and again: no text can make it slow. */
export function isMadeOf(text: string, characters: Characters): boolean {
  let known = compiled.get(characters);
  if (!known) {
    const also = [...(characters.also ?? "")].map((character) => `\\u{${character.codePointAt(0)?.toString(16)}}`).join("");
    known = new RegExp(`^[${characters.kinds.map(classOf).join("")}${also}]*$`, "u");
    compiled.set(characters, known);
  }
  return known.test(text);
}

const KIND_TESTS = CHARACTER_KINDS.filter((kind) => kind !== "letter").map(
  (kind) => [kind, new RegExp(`^[${classOf(kind)}]$`, "u")] as const,
);

/** The narrowest kind; null for what is of none, like a pictograph or a control character. */
export function kindOf(character: string): CharacterKind | null {
  const found = KIND_TESTS.find(([, test]) => test.test(character))?.[0];
  return found ?? (/^\p{L}$/u.test(character) ? "letter" : null);
}

const indexes = new WeakMap<readonly string[], ReadonlySet<string>>();

/** Which share of the different words of a text is known; those with digits do not count. Null: it has none that count. */
export function knownShare(text: string, words: readonly string[]): number | null {
  let index = indexes.get(words);
  if (!index) {
    index = new Set(words);
    indexes.set(words, index);
  }
  let [known, all] = [0, 0];
  for (const word of wordsOf(text)) {
    if (/\p{N}/u.test(word)) continue;
    all += 1;
    if (index.has(word)) known += 1;
  }
  return all === 0 ? null : known / all;
}
