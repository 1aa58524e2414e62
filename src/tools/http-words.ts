/** What an HTTP tool tells of an answer. */
import * as z from "zod";
import { mediaText } from "../contract/media-text.ts";
import { isText, plainText } from "./artifact-text.ts";

export const httpHead = { status: z.int(), type: z.string().describe("Media type; empty where the server names none") };

export function bodyText(
  { type, body, headers }: { type: string; body: Uint8Array; headers: Record<string, string> },
  raw: boolean,
  most: number,
): { text: string; truncated: boolean } {
  if (!isText(type, body)) return { text: `(${body.byteLength} bytes that are no text)`, truncated: false };
  const whole = mediaText(body, headers["content-type"]);
  const text = raw ? whole : plainText(type, Buffer.from(whole));
  return { text: text.slice(0, most), truncated: text.length > most };
}
