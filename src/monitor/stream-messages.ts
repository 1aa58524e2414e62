/** What a tab and the worker that holds the streams of all tabs say to each other. `stream` is a number that the tab has given. */
import type { Wanted } from "./shared-streams.ts";
import type { Frame } from "./stream-frames.ts";

export type ToWorker = { say: "alive" } | { say: "join"; stream: number; wanted: Wanted } | { say: "leave"; stream: number };
export type FromWorker =
  | { say: "here" }
  | { say: "open"; stream: number }
  | { say: "frames"; stream: number; frames: Frame[] }
  | { say: "end"; stream: number; status: number | null };
