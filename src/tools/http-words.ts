/** What an HTTP tool tells of an answer. */
import { z } from "zod";
import { isText, plainText } from "./artifact-text.ts";

export const httpHead = { status: z.int(), type: z.string().describe("Media type; empty where the server names none") };

export function bodyText(
  { type, body }: { type: string; body: Uint8Array },
  raw: boolean,
  most: number,
): { text: string; truncated: boolean } {
  if (!isText(type, body)) return { text: `(${body.byteLength} bytes that are no text)`, truncated: false };
  const text = raw ? new TextDecoder().decode(body) : plainText(type, body);
  return { text: text.slice(0, most), truncated: text.length > most };
}
