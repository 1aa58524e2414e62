/** The narration in plain English: as stories, or as one line of events; filtered, paused, and read from its end. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import type { NetEvent } from "../../contract/event.ts";
import { setQuery, useAddress } from "../address.ts";
import type { ScreenProps } from "../app.tsx";
import { StoryFacts } from "../parts/story-facts.tsx";
import { NO_STORY, type Story, storiesOf } from "../stories.ts";
import { useEvents } from "../use-events.ts";
import { clockTime, plural } from "../words.ts";

const ROW = 28;

export function ConsoleScreen({ store }: ScreenProps) {
  const live = useEvents(store);
  const { query } = useAddress();
  const [held, setHeld] = useState<readonly NetEvent[] | null>(null);
  const events = held ?? live;
  const [failures, persona, q, story] = [
    query.get("failures") === "1",
    query.get("persona") ?? "",
    query.get("q") ?? "",
    query.get("story"),
  ];
  const shown = useMemo(
    () => events.filter((event) => keeps(event, { failures, persona, q, story })),
    [events, failures, persona, q, story],
  );
  const stories = useMemo(() => storiesOf(events), [events]);
  const personas = useMemo(() => [...new Set(events.flatMap((event) => event.persona ?? []))].sort(), [events]);
  return (
    <div className="split">
      <section className="stories" aria-label="Stories">
        <h1>Stories</h1>
        <button type="button" className={story === null ? "story chosen" : "story"} onClick={() => setQuery({ story: null })}>
          <strong>Everything</strong>
          <span className="quiet">{plural(events.length, "event")}</span>
        </button>
        {stories.map((one) => (
          <StoryCard key={one.correlation} story={one} chosen={one.correlation === story} />
        ))}
      </section>
      <section className="wide" aria-label="Narration">
        <div className="bar">
          <label>
            <input
              type="checkbox"
              checked={failures}
              onChange={({ target }) => setQuery({ failures: target.checked ? "1" : null }, { replace: true })}
            />{" "}
            Failures only
          </label>
          <label>
            <span className="hidden">Persona</span>
            <select value={persona} onChange={({ target }) => setQuery({ persona: target.value || null }, { replace: true })}>
              <option value="">every persona</option>
              {personas.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          <label className="grow">
            <span className="hidden">Search</span>
            <input
              type="search"
              placeholder="words"
              value={q}
              onChange={({ target }) => setQuery({ q: target.value || null }, { replace: true })}
            />
          </label>
          <button type="button" aria-pressed={held !== null} onClick={() => setHeld(held === null ? live.slice() : null)}>
            {held === null ? "Pause" : `Resume (${Math.max(0, live.length - held.length)} new)`}
          </button>
          {store.more !== null && (
            <button type="button" onClick={() => void store.pageBack()}>
              Earlier
            </button>
          )}
        </div>
        <Lines events={shown} />
      </section>
    </div>
  );
}

interface Filter {
  failures: boolean;
  persona: string;
  q: string;
  story: string | null;
}
function keeps(event: NetEvent, { failures, persona, q, story }: Filter): boolean {
  if (failures && event.status !== "error" && event.status !== "refused") return false;
  if (persona !== "" && event.persona !== persona) return false;
  if (story !== null && (event.correlation ?? event.produced?.[0]?.token.correlation ?? NO_STORY) !== story) return false;
  return q === "" || `${event.summary} ${event.type} ${event.transition ?? ""}`.toLowerCase().includes(q.toLowerCase());
}

function StoryCard({ story, chosen }: { story: Story; chosen: boolean }) {
  return (
    <button
      type="button"
      className={`story${chosen ? " chosen" : ""}`}
      aria-pressed={chosen}
      onClick={() => setQuery({ story: chosen ? null : story.correlation })}
    >
      <strong>{story.title}</strong>
      <span>
        <StoryFacts story={story} />
      </span>
    </button>
  );
}

/** Rows are made for what is in sight; the end is followed while the end is in sight. */
function Lines({ events }: { events: readonly NetEvent[] }) {
  const box = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const rows = useVirtualizer({
    count: events.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 20,
    getItemKey: (at) => events[at]?.seq ?? at,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new event is a reason to look whether the end is followed
  useEffect(() => {
    if (following.current && events.length > 0) rows.scrollToIndex(events.length - 1, { align: "end" });
  }, [events.length, events.at(-1)?.seq]);
  const onScroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = box.current ?? { scrollTop: 0, scrollHeight: 0, clientHeight: 0 };
    following.current = scrollHeight - scrollTop - clientHeight < ROW * 2;
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by the keyboard
    <div className="lines" ref={box} onScroll={onScroll} role="log" aria-label="Events" tabIndex={0}>
      <div style={{ height: rows.getTotalSize(), position: "relative" }}>
        {rows.getVirtualItems().map(({ index, key, start }) => {
          const event = events[index];
          return event ? <Line key={key} event={event} top={start} /> : null;
        })}
      </div>
      {events.length === 0 && <p className="quiet center">Nothing to tell yet.</p>}
    </div>
  );
}

function Line({ event, top }: { event: NetEvent; top: number }) {
  return (
    <div className={`line ${event.status}`} style={{ transform: `translateY(${top}px)` }} data-seq={event.seq}>
      <time dateTime={event.ts}>{clockTime(event.ts)}</time>
      <span className={`dot ${event.status}`} title={event.status} />
      <span className="text" title={`${event.seq} ${event.type}`}>
        {event.summary}
      </span>
    </div>
  );
}
