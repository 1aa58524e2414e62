/** What crystallization is compared with: a cache of exact inputs, and one that answers as the nearest known input was answered. */
import { canonicalJson, type Json, type JsonObject } from "../../src/contract/json.ts";
import { wordList } from "../../src/net/rule/words.ts";

export interface Cache {
  answer(input: JsonObject): Json | undefined;
  learn(input: JsonObject, output: Json): void;
}

export function exactCache(): Cache {
  const known = new Map<string, Json>();
  return {
    answer: (input) => known.get(canonicalJson(input)),
    learn: (input, output) => void known.set(canonicalJson(input), output),
  };
}

/** As semantic caches do it, with words in place of embeddings: cosine of word counts, an answer from 0.9 on, and the last 300 inputs. */
export function nearestCache(threshold = 0.9, most = 300): Cache {
  const known: { words: Map<string, number>; norm: number; output: Json }[] = [];
  return {
    answer: (input) => {
      const { words, norm } = vectorOf(input);
      let best: { likeness: number; output: Json } | null = null;
      for (const one of known) {
        let dot = 0;
        for (const [word, count] of words) dot += count * (one.words.get(word) ?? 0);
        const likeness = dot / (norm * one.norm);
        if (!best || likeness > best.likeness) best = { likeness, output: one.output };
      }
      return best && best.likeness >= threshold ? best.output : undefined;
    },
    learn: (input, output) => {
      known.push({ ...vectorOf(input), output });
      if (known.length > most) known.shift();
    },
  };
}

function vectorOf(input: JsonObject): { words: Map<string, number>; norm: number } {
  const words = new Map<string, number>();
  for (const word of wordList(canonicalJson(input))) words.set(word, (words.get(word) ?? 0) + 1);
  let sum = 0;
  for (const count of words.values()) sum += count * count;
  return { words, norm: Math.sqrt(sum) };
}
