/** JSON that somebody types or pipes in: refused, with its place, where it is none or would not arrive as it was written. */
import { usage } from "../client/usage.ts";
import type { Json } from "../contract/json.ts";
import { jsonTextFlaw } from "../contract/json-text.ts";

/** `from` says in the message where the text stood. Errors: usage. */
export function jsonArgument(text: string, from: string, example: string): Json {
  const value = parsed(text, from, example);
  const flaw = jsonTextFlaw(text);
  if (flaw) throw usage(`${from}, line ${flaw.line}, column ${flaw.column}: ${flaw.reason}`, flaw.hint);
  return value;
}

function parsed(text: string, from: string, example: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw usage(`${from} is no JSON: ${(error as Error).message}`, `quote it for the shell: ${example}`);
  }
}
