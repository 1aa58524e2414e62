/**
 * Which texts look like those that were seen. A rule that looks for a word in a text says something of every text, also of one in another
 * language, of commands to a model, of pictographs; what it was learned from was of one kind. Cheap to look at, and honest: characters of the
 * seen kinds, words that are known for the most part, and a short text of the form that all had.
 */
import type { Condition } from "../net/rule/condition.ts";
import { type CharacterKind, kindOf, knownShare } from "../net/rule/text-kind.ts";
import { wordsOf } from "../net/rule/words.ts";
import type { Field } from "./fields.ts";
import { formOf } from "./forms.ts";

export interface TextUse {
  /** Words of it decide which answer is given. */
  decides: boolean;
  /** Something is taken out of it, or it is handed on. */
  given: boolean;
}

export interface TextOffer {
  condition: Condition;
  needed: boolean;
  id: string;
}

const FITTED = 0.7;
const MOST_KNOWN = 1000;
const LEAST_SEEN = 2;
/** A text of fewer words is no text: its words say too little of its kind. */
const LEAST_WORDS = 4;
/** Later texts that are the strangest hundredth in two, and then a fifth stranger. */
const STRANGEST = 0.005;
const STRANGER = 0.8;
/** Where so few words are known that anything would pass, it says nothing. */
const LEAST_SHARE = 0.3;
const MOST_OTHERS = 60;

export function textOffers({ path, types, values }: Field, { decides, given }: TextUse): TextOffer[] {
  if (types.size !== 1 || !types.has("text") || !(decides || given)) return [];
  const texts = values.filter((value): value is string => typeof value === "string");
  const form = formOf(texts);
  if (form !== null) return [{ condition: { test: "matches", path, pattern: form }, needed: true, id: "form" }];
  const known = knownWords(path, texts);
  return [
    ...charactersOf(path, texts),
    ...(decides ? negationsIn(path, texts) : []),
    // What is only taken out of it stands between words that it was found by.
    ...(known ? [{ condition: known, needed: decides, id: "known" }] : []),
  ];
}

/**
 * Words by which a text says the opposite of what its other words say, in some languages. Where examples had them the learners have seen what
 * they mean; a word that none or hardly any had is left to the model: "no refund, please" is not what "refund" was learned from.
 */
const NEGATIONS = (
  "not no never without none neither nor cannot cant dont don doesn didn isn wasn aren weren wouldn shouldn couldn hasn haven hadn " +
  "nicht kein keine keinen keinem keiner keines nie niemals ohne weder pas jamais sans aucun aucune ni nunca sin ninguno ninguna " +
  "non senza niet geen zonder nooit não nao sem"
).split(" ");
const SELDOM = 3;

function negationsIn(path: string, texts: readonly string[]): TextOffer[] {
  const counts = new Map(NEGATIONS.map((word) => [word, 0]));
  for (const text of texts) for (const word of wordsOf(text)) if (counts.has(word)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const seldom = NEGATIONS.filter((word) => (counts.get(word) ?? 0) < SELDOM);
  if (seldom.length === 0) return [];
  const conditions = seldom.map((word): Condition => ({ test: "word", path, word }));
  return [{ condition: { test: "not", condition: { test: "any", conditions } }, needed: true, id: "negations" }];
}

/** The narrow one where later texts keep to it; else letters of the seen scripts, and of the rest its kinds. */
function charactersOf(path: string, texts: readonly string[]): TextOffer[] {
  const seen = new Set(texts.flatMap((text) => [...new Set(text)]));
  const kinds = new Map<CharacterKind, number>();
  let [others, narrow] = ["", ""];
  for (const character of [...seen].sort()) {
    const kind = kindOf(character);
    if (kind === null) others += character;
    else kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    if (kind === "punctuation" || kind === "symbol" || kind === null) narrow += character;
  }
  if (others.length > MOST_OTHERS || kinds.size === 0) return [];
  const all = [...kinds.keys()].sort();
  const offers: TextOffer[] = [];
  if (narrow.length <= MOST_OTHERS) {
    const plain = all.filter((kind) => kind !== "punctuation" && kind !== "symbol");
    const condition: Condition = { test: "characters", path, kinds: plain, ...(narrow === "" ? {} : { also: narrow }) };
    offers.push({ condition, needed: false, id: "characters, narrow" });
  }
  const condition: Condition = { test: "characters", path, kinds: all, ...(others === "" ? {} : { also: others }) };
  return [...offers, { condition, needed: true, id: WIDE }];
}
const WIDE = "characters, wide";

/** Of two that say the same more and less narrowly, the narrow one is enough. */
export function withoutWide<T extends { id: string; condition: Condition }>(offers: readonly T[]): T[] {
  const narrow = new Set(offers.filter(({ id }) => id.startsWith("characters, narrow")).map(({ condition }) => pathOf(condition)));
  return offers.filter(({ id, condition }) => !id.startsWith(WIDE) || !narrow.has(pathOf(condition)));
}

function pathOf(condition: Condition): string {
  const inner = condition.test === "any" ? condition.conditions.at(-1) : condition;
  return inner && "path" in inner ? inner.path : "";
}

/** Words that came in two texts at least, and the share of them that nearly all later texts had; null where that says nothing. */
function knownWords(path: string, texts: readonly string[]): Condition | null {
  const counts = texts.map((text) => wordsOf(text).size).sort((one, other) => one - other);
  if ((counts[Math.floor(counts.length / 2)] ?? 0) < LEAST_WORDS) return null;
  const early = texts.slice(0, Math.floor(texts.length * FITTED));
  const words = vocabularyOf(early);
  const shares = texts.slice(early.length).map((text) => knownShare(text, words) ?? 0);
  shares.sort((one, other) => one - other);
  const least = (shares[Math.floor(shares.length * STRANGEST)] ?? 0) * STRANGER;
  if (least < LEAST_SHARE) return null;
  return { test: "known", path, words: vocabularyOf(texts), share: Math.floor(least * 100) / 100 };
}

function vocabularyOf(texts: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const text of texts) for (const word of wordsOf(text)) if (!/\p{N}/u.test(word)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const listed = [...counts].filter(([word, count]) => count >= LEAST_SEEN && word.length <= 200);
  listed.sort(([one, few], [other, many]) => many - few || (one < other ? -1 : 1));
  return listed.slice(0, MOST_KNOWN).map(([word]) => word);
}
