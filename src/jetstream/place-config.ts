/** What the streams of places are made of, in both layouts. */
import type { PlaceLayout, PlaceSpec } from "../contract/broker.ts";
import { streams, subjects } from "../contract/subjects.ts";
import { type Keeping, onOneServer } from "./keeping.ts";
import type { StreamConfig } from "./streams.ts";

/** A stream for one place: one replica always, made anew elsewhere when its server is lost. */
export function ownConfig(spec: PlaceSpec, keeping: Keeping): StreamConfig {
  const { net, place, title, capacity, open } = spec;
  return {
    name: streams.place(net, place),
    subjects: [subjects.tokens(net, place)],
    ...common(onOneServer(keeping)),
    description: `Place ${place} of net ${net}${title ? `: ${title}` : ""}. One message is one token at rest; look, do not publish here.`,
    metadata: { net, place, role: "place", capacity: capacity === null ? "none" : String(capacity), open: String(open) },
  };
}

/** One stream for all places: where the log has three replicas, it has them too. */
export function sharedConfig(net: string, places: PlaceSpec[], keeping: Keeping): StreamConfig {
  return {
    name: streams.places(net),
    subjects: [subjects.tokensAll(net)],
    ...common(keeping),
    description: `All ${places.length} places of net ${net}, by subject place.${net}.<place>.<token>. One message is one token at rest; look, do not publish here.`,
    metadata: { net, role: "places" },
  };
}

/** Whether a stream is a place stream of this net in the layout that is not wanted. */
export function otherLayout(net: string, stream: string, wanted: PlaceLayout): boolean {
  return wanted === "shared" ? stream.startsWith(streams.place(net, "")) : stream === streams.places(net);
}

function common(keeping: Keeping) {
  return {
    retention: "limits" as const,
    ...keeping,
    // The log is the truth, so a place need not be synced at each message; memory and replicas know no such mode.
    ...(keeping.storage === "file" && keeping.num_replicas === 1 ? { persist_mode: "async" as const } : {}),
    max_msgs_per_subject: 1,
    allow_direct: true as const,
  };
}
