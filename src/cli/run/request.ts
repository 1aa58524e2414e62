/** The feature request as it goes into the inbox: its first line is the title. */
import { usage } from "../../client/usage.ts";
import type { VerbCall } from "../verb.ts";

const TITLE = 300;
const TEXT = 20_000;

/** A type, not an interface: it travels as JSON. */
export type FeatureRequest = { title: string; text: string };

/** Errors: usage, when it has no words or too many. */
export async function readRequest(call: VerbCall): Promise<FeatureRequest> {
  const given = call.text("request");
  const hint = '--request "Let people search notes by word", or --request - to read it from standard input';
  if (given === undefined) throw usage("no request was given", hint);
  const text = (given === "-" ? await call.petrel.readStdin() : given).trim();
  if (text === "") throw usage("the request has no text", hint);
  if (text.length < 3) throw usage(`the request "${text}" is too short to be one`, hint);
  if (text.length > TEXT)
    throw usage(`the request has ${text.length} characters, and ${TEXT} are the most`, "put the rest into a file of the repository");
  const [first = ""] = text.split(/\r?\n/);
  const title = first.trim().length < 3 ? text.replace(/\s+/g, " ") : first.trim();
  return { title: title.length > TITLE ? `${title.slice(0, TITLE - 1)}…` : title, text: text === title ? "" : text };
}
