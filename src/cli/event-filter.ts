/** Events chosen by options: shared by `events` and `watch`. */

import { usage } from "../client/usage.ts";
import { EVENT_TYPES, type EventType, type NetEvent } from "../contract/event.ts";
import type { Json } from "../contract/json.ts";
import { ruleNote } from "../contract/rule-note.ts";
import { nearestHint } from "../net/check-nearest.ts";
import { oneSentence } from "./harmless.ts";
import type { Output } from "./output.ts";

/** Errors: usage. */
export function eventType(text: string, option: string): EventType {
  const type = EVENT_TYPES.find((known) => known === text);
  if (type === undefined) throw usage(`${option}: no event has the type "${text}"`, nearestHint(text, EVENT_TYPES, "types"));
  return type;
}

/** `pasteable`: commands in a sentence as they run from where the user stands. */
export function printEvent(out: Output, event: NetEvent, pasteable: (text: string) => string): void {
  out.line(event as unknown as Json, () => {
    const mark =
      event.status === "error"
        ? out.paint.red
        : event.status === "waiting"
          ? out.paint.yellow
          : event.status === "refused"
            ? out.paint.magenta
            : (text: string) => text;
    const note = ruleNote(event);
    const rule = note === null ? "" : ` ${out.paint.dim(`(${oneSentence(note)})`)}`;
    return `${out.paint.dim(event.ts.slice(11, 19))} ${out.paint.dim(String(event.seq).padStart(5))} ${mark(oneSentence(pasteable(event.summary)))}${rule}`;
  });
}
