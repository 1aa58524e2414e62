/** Events as JSON, written once: into the entry of the log, and from there, as a part of the same bytes, to whoever listens. */
import type { NetEvent } from "../../contract/event.ts";

export interface EventText {
  event: NetEvent;
  text: string;
  /** Bytes that it takes, with the comma to the next. */
  bytes: number;
}

export function eventText(event: NetEvent): EventText {
  const text = JSON.stringify(event);
  return { event, text, bytes: Buffer.byteLength(text) + 1 };
}

/**
 * Where an event lies in its entry. Its bytes are cut out when somebody asks: a view for each event would keep the whole entry
 * in memory until V8 looks at what is old.
 */
export class WrittenEvent {
  readonly #body: Uint8Array;
  readonly #from: number;
  readonly #to: number;

  constructor(body: Uint8Array, from: number, to: number) {
    this.#body = body;
    this.#from = from;
    this.#to = to;
  }
  get json(): Uint8Array {
    return this.#body.subarray(this.#from, this.#to);
  }
}

/** The JSON array of all events, and where each of them lies in it. */
export function entryBytes(group: readonly EventText[]): { body: Uint8Array; events: WrittenEvent[] } {
  const body = Buffer.allocUnsafeSlow(group.reduce((sum, { bytes }) => sum + bytes, 1));
  const events: WrittenEvent[] = [];
  let at = 0;
  for (const { text, bytes } of group) {
    body[at] = at === 0 ? OPEN : COMMA;
    at += 1;
    // Text with a byte for each character is copied as it lies in memory.
    body.write(text, at, text.length === bytes - 1 ? "latin1" : "utf8");
    events.push(new WrittenEvent(body, at, at + bytes - 1));
    at += bytes - 1;
  }
  body[at] = CLOSE;
  return { body, events };
}

const [OPEN = 0, COMMA = 0, CLOSE = 0] = Buffer.from("[,]");
