/** Events as JSON, written once: into the entry of the log, and from there, as a part of the same bytes, to whoever listens. */
import type { NetEvent } from "../../contract/event.ts";

/**
 * The event is `head` and then `text`. Apart from the rest stands its summary: that has quotation marks which are no ASCII, and text
 * with one such character takes two bytes in memory for each, which makes writing, measuring and copying it a quarter dearer.
 */
export interface EventText {
  event: NetEvent;
  head: string;
  text: string;
  /** Bytes of the head; of both, with the comma to the next. */
  headBytes: number;
  bytes: number;
}

export function eventText(event: NetEvent): EventText {
  const { summary } = event;
  const head = `{"summary":${JSON.stringify(summary)},`;
  const text = withoutSummary(event).slice(1);
  const headBytes = Buffer.byteLength(head);
  return { event, head, text, headBytes, bytes: headBytes + Buffer.byteLength(text) + 1 };
}

/** It is put back at once: a copy without it would cost as much as is won. */
function withoutSummary(event: Omit<NetEvent, "summary"> & { summary?: string | undefined }): string {
  const { summary } = event;
  event.summary = undefined;
  try {
    return JSON.stringify(event);
  } finally {
    event.summary = summary;
  }
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
  for (const { head, text, headBytes, bytes } of group) {
    body[at] = at === 0 ? OPEN : COMMA;
    at += 1;
    write(body, head, at, headBytes);
    write(body, text, at + headBytes, bytes - 1 - headBytes);
    events.push(new WrittenEvent(body, at, at + bytes - 1));
    at += bytes - 1;
  }
  body[at] = CLOSE;
  return { body, events };
}

/** Text with a byte for each character is copied as it lies in memory. */
function write(body: Buffer, text: string, at: number, bytes: number): void {
  body.write(text, at, text.length === bytes ? "latin1" : "utf8");
}

const [OPEN = 0, COMMA = 0, CLOSE = 0] = Buffer.from("[,]");
