/** Why a story was escalated, in a sentence, from the token that says so. */
import { isJsonObject, type Json } from "../../contract/json.ts";
import type { PetrelDoors } from "../doors.ts";
import { oneLine } from "../output.ts";
import { petrelCommand, shown } from "./paste.ts";

/** The commands that put failed work back where its firings took it from. */
export function retryCommands(petrel: PetrelDoors, net: string, failures: readonly string[], dir: string): string[] {
  return failures.map((id) => `${petrelCommand(petrel)} retry ${net} ${id} --dir ${shown(petrel, dir)}`);
}

export function escalationWords(token: Json): string {
  if (!isJsonObject(token)) return oneLine(token, 200);
  const text = (name: string) => (typeof token[name] === "string" && token[name] !== "" ? token[name] : null);
  const gate = text("gate");
  if (gate !== null) {
    const comment = text("comment");
    if (text("outcome") === "expired") return `Nobody decided on the gate ${gate} in time.`;
    return `${text("by") ?? "Somebody"} rejected the gate ${gate}${comment === null ? "." : `: ${comment}`}`;
  }
  const error = isJsonObject(token.error) ? token.error.message : undefined;
  if (typeof error === "string") return `${text("transition") ?? "A step"} failed: ${error}`;
  const title = text("title") ?? text("task") ?? "The work";
  return `“${title}” was given up after its last attempt: ${text("findings") ?? "no findings were left"}`;
}
