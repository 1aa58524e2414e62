/**
 * Text for a terminal in which others have had a word: titles of tokens, what models and commands said. It may colour what Petrel
 * colours; it moves no cursor, sets no title, hides nothing and writes over nothing.
 */
import { stripVTControlCharacters } from "node:util";

const ESC = "\u001b";
/** Emphasis and colours, and what ends them, as `picocolors` gives them; no concealed text. */
const COLOUR = new RegExp(`(${ESC}\\[(?:0|1|2|3|4|22|23|24|3[0-79]|4[0-79]|9[0-7])m)`);
/** All but tab and line feed; the marks that turn the direction of writing as well. */
const CONTROLS = /(?![\t\n])[\p{Cc}\u202a-\u202e\u2066-\u2069]/u;
const EACH_CONTROL = new RegExp(CONTROLS.source, "gu");

export function harmless(text: string): string {
  if (!CONTROLS.test(text)) return text;
  return text
    .split(COLOUR)
    .map((part, at) => (at % 2 === 1 ? part : colourless(part)))
    .join("");
}

/** Where nothing is coloured. */
export function colourless(text: string): string {
  return CONTROLS.test(text) ? stripVTControlCharacters(text).replace(EACH_CONTROL, "") : text;
}

/** Words alone, on one line: what is told of one event does not look like two. */
export function oneSentence(text: string): string {
  return colourless(text).replaceAll(/\s*[\n\u2028\u2029]\s*/g, " ");
}
