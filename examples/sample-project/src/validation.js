/** What a client may send. A breach is answered with status 400 and its message. */
export class InvalidInput extends Error {}

const MAX_TITLE = 120;
const MAX_TEXT = 10_000;

/** Checks the body of a new note and returns the fields that are kept. */
export function parseNote(body) {
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw new InvalidInput("a note is a JSON object");
  return {
    title: parseText(body.title, "title", MAX_TITLE),
    text: parseText(body.text ?? "", "text", MAX_TEXT, { mayBeEmpty: true }),
  };
}

function parseText(value, field, max, { mayBeEmpty = false } = {}) {
  if (typeof value !== "string") throw new InvalidInput(`${field} must be a string`);
  const text = value.trim();
  if (!mayBeEmpty && text === "") throw new InvalidInput(`${field} must not be empty`);
  if (text.length > max) throw new InvalidInput(`${field} must have at most ${max} characters`);
  return text;
}
