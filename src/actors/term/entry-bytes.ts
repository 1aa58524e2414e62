/**
 * Events as JSON, written once: into the entry of the log, and from there, as parts of the same bytes, to whoever listens to the
 * event line and into the place streams.
 */
import type { NetEvent } from "../../contract/event.ts";

/** An event as text: its produced tokens stand last, so that each can be cut out of the bytes whole. */
export interface EventText {
  event: NetEvent;
  head: string;
  tokens: string[];
  /** Bytes that it takes at most, with the comma to the next. */
  bytes: number;
}

export interface WrittenEvent {
  json: Uint8Array;
  /** Of the produced tokens, in their order. */
  tokens: Uint8Array[];
}

const PRODUCED = ',"produced":[';
const PLACE = '{"place":';
const TOKEN = ',"token":';
/** What stands around one token besides its place. */
const AROUND = PLACE.length + TOKEN.length + 2;
const ENDS = PRODUCED.length + 4;

/** The event is as it was afterwards. */
export function eventText(event: NetEvent): EventText {
  const { produced } = event;
  if (produced === undefined || produced.length === 0) {
    const head = JSON.stringify(event);
    return { event, head: head.slice(0, -1), tokens: NONE, bytes: Buffer.byteLength(head) + ENDS };
  }
  // To leave it out for the moment of writing is cheaper than a copy without it.
  event.produced = undefined as never;
  const head = JSON.stringify(event).slice(0, -1);
  event.produced = produced;
  let bytes = Buffer.byteLength(head) + ENDS;
  const tokens: string[] = [];
  for (const { place, token } of produced) {
    const text = JSON.stringify(token);
    tokens.push(text);
    bytes += Buffer.byteLength(text) + place.length * 6 + 2 + AROUND;
  }
  return { event, head, tokens, bytes };
}
const NONE: string[] = [];

/** The JSON array of all events, and where each of them lies in it. */
export function entryBytes(group: readonly EventText[]): { body: Uint8Array; events: WrittenEvent[] } {
  let most = 2;
  for (const { bytes } of group) most += bytes;
  const buffer = Buffer.allocUnsafe(most);
  const events: WrittenEvent[] = [];
  let at = buffer.write("[", "latin1");
  for (const { event, head, tokens } of group) {
    if (events.length > 0) at += buffer.write(",", at, "latin1");
    const from = at;
    const parts: Uint8Array[] = [];
    if (tokens.length === 0) at += buffer.write(`${head}}`, at, "utf8");
    for (let nth = 0; nth < tokens.length; nth += 1) {
      const place = JSON.stringify(event.produced?.[nth]?.place ?? "");
      at += buffer.write(`${nth === 0 ? `${head}${PRODUCED}` : ","}${PLACE}${place}${TOKEN}`, at, "utf8");
      const begin = at;
      at += buffer.write(tokens[nth] ?? "", at, "utf8");
      parts.push(buffer.subarray(begin, at));
      at += buffer.write(nth === tokens.length - 1 ? "}]}" : "}", at, "latin1");
    }
    events.push({ json: buffer.subarray(from, at), tokens: parts });
  }
  at += buffer.write("]", at, "latin1");
  return { body: buffer.subarray(0, at), events };
}
