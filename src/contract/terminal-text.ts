/** Text of others on a terminal: what moves its cursor, sets its title, hides or turns words is taken out, the words stay. */

const ESC = "\u001b";
/** ECMA-48 control sequences, and the strings that set a title or a link: whole ones of one line, so that none swallows what follows. */
const SEQUENCES = new RegExp(`(?:${ESC}\\[|\u009b)[0-?]*[ -/]*[@-~]|${ESC}[\\]PX^_][^\u0007\n${ESC}]*(?:\u0007|${ESC}\\\\)`, "g");
/** All but tab and line feed; the marks that turn the direction of writing as well. */
const CONTROL = /(?![\t\n])[\p{Cc}\u202a-\u202e\u2066-\u2069]/u;
const EACH_CONTROL = new RegExp(CONTROL.source, "gu");

export function hasControls(text: string): boolean {
  return CONTROL.test(text);
}

/** Of a whole text. */
export function withoutSequences(text: string): string {
  return hasControls(text) ? withoutControls(text.replace(SEQUENCES, "")) : text;
}

/** Of a part of one, in which a sequence may be cut in two. */
export function withoutControls(text: string): string {
  return text.replace(EACH_CONTROL, "");
}
