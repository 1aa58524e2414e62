/**
 * Text for a terminal in which others have had a word: titles of tokens, what models and commands said. It may colour what Petrel
 * colours; it moves no cursor, sets no title, hides nothing and writes over nothing.
 */
import { hasControls, withoutSequences } from "../contract/terminal-text.ts";

const ESC = "\u001b";
/** Emphasis and colours, and what ends them, as `picocolors` gives them; no concealed text. */
const COLOUR = new RegExp(`(${ESC}\\[(?:0|1|2|3|4|22|23|24|3[0-79]|4[0-79]|9[0-7])m)`);

export function harmless(text: string): string {
  if (!hasControls(text)) return text;
  return text
    .split(COLOUR)
    .map((part, at) => (at % 2 === 1 ? part : withoutSequences(part)))
    .join("");
}

/** Words alone, on one line: what is told of one event does not look like two. */
export function oneSentence(text: string): string {
  return withoutSequences(text).replaceAll(/\s*[\n\u2028\u2029]\s*/g, " ");
}
