/**
 * Turns a net's events into spans as firings end and stories come to rest.
 *
 * T1 The same events make the same spans with the same ids. T2 `oldest` is the first event that is not wholly told yet: whoever begins
 * there again misses nothing, and tells some spans twice.
 */
import type { NetEvent } from "../../contract/event.ts";
import { traceIdOf } from "../../contract/trace-context.ts";
import { spansOfFiring, storySpanId } from "./firing-spans.ts";
import { errorTypeOf } from "./gen-ai.ts";
import type { Span } from "./span.ts";

interface StoryRun {
  title: string;
  first: { seq: number; at: number };
  last: number;
  /** Firings of it under way. */
  open: Set<string>;
  failed: string | null;
  errorType: string | undefined;
  firings: number;
}
/** A story in which nothing is under way for so long is at rest. What comes later stands under the same span. */
const REST_MS = 2000;
const ENDS: ReadonlySet<string> = new Set(["fired", "sent", "expired"]);

export class NetTracer {
  readonly #net: string;
  readonly #firings = new Map<string, NetEvent[]>();
  readonly #stories = new Map<string, StoryRun>();
  #seq = 0;

  constructor(net: string) {
    this.#net = net;
  }

  /** Spans that this event completes. */
  take(event: NetEvent): Span[] {
    this.#seq = event.seq;
    const { firing, correlation } = event;
    const story = correlation === undefined ? undefined : this.#story(correlation, event);
    if (firing === undefined) return [];
    const events = this.#firings.get(firing) ?? [];
    events.push(event);
    const over =
      ENDS.has(event.type) ||
      (event.type === "failed" && event.attributes?.final === true) ||
      (event.type === "decided" && event.attributes?.decision === "reject");
    if (!over) {
      // A remark that comes behind the end begins nothing.
      if (events.length > 1 || ["started", "gated"].includes(event.type)) {
        this.#firings.set(firing, events);
        story?.open.add(firing);
      }
      return [];
    }
    this.#firings.delete(firing);
    story?.open.delete(firing);
    if (story) {
      story.firings += 1;
      if (event.status === "error") Object.assign(story, { failed: event.summary, errorType: errorTypeOf(event) });
    }
    return spansOfFiring(events);
  }

  /** Stories that have come to rest by now, as spans. `now`: ms since the epoch. */
  rested(now: number): Span[] {
    const spans: Span[] = [];
    for (const [correlation, { title, first, last, open, failed, errorType, firings }] of this.#stories) {
      if (open.size > 0 || now - last < REST_MS) continue;
      this.#stories.delete(correlation);
      if (firings === 0) continue;
      spans.push({
        ...{ traceId: traceIdOf(correlation), spanId: storySpanId(this.#net, correlation), parentSpanId: null, kind: "internal" },
        ...{ name: `invoke_workflow ${this.#net}`, from: first.at, to: last, error: failed },
        attributes: {
          "gen_ai.operation.name": "invoke_workflow",
          "gen_ai.workflow.name": this.#net,
          "gen_ai.conversation.id": correlation,
          "petrel.net": this.#net,
          "petrel.correlation": correlation,
          "petrel.title": title,
          "petrel.firings": firings,
          "error.type": errorType,
        },
      });
    }
    return spans;
  }

  /** T2. Number of the last event that is told, with all before it. */
  get told(): number {
    const firsts = [
      ...[...this.#stories.values()].map(({ first }) => first.seq),
      ...[...this.#firings.values()].flatMap(([event]) => (event ? [event.seq] : [])),
    ];
    return firsts.reduce((least, seq) => Math.min(least, seq - 1), this.#seq);
  }

  #story(correlation: string, event: NetEvent): StoryRun {
    const at = Date.parse(event.ts);
    const known = this.#stories.get(correlation);
    if (known) {
      known.last = Math.max(known.last, at);
      return known;
    }
    const begun: StoryRun = {
      title: event.summary,
      first: { seq: event.seq, at: at - (event.durationMs ?? 0) },
      last: at,
      open: new Set(),
      failed: null,
      errorType: undefined,
      firings: 0,
    };
    this.#stories.set(correlation, begun);
    return begun;
  }
}
