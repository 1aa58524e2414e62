/** The narration in plain English: as stories, or as one line of events; filtered, paused, and read from its end. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { NetEvent } from "../../contract/event.ts";
import { ruleNote } from "../../contract/rule-note.ts";
import { setQuery, useAddress } from "../address.ts";
import { EventSieve } from "../event-sieve.ts";
import { firstFrom } from "../growing-line.ts";
import type { SentBack } from "../net/back-arcs.ts";
import { useSentBack } from "../net/use-sent-back.ts";
import { Dot } from "../parts/dot.tsx";
import { StoryFacts } from "../parts/story-facts.tsx";
import type { ScreenProps } from "../screen-props.ts";
import { type Story, storyKeyOf } from "../stories.ts";
import { StoryBook } from "../story-book.ts";
import { useEvents } from "../use-events.ts";
import { clockTime, plural } from "../words.ts";

const ROW = 28;
/** Rows are made in blocks: the virtual list goes over all that it counts whenever one comes, and 100,000 rows would be too many. */
const BLOCK = 25;
const STORIES_SHOWN = 100;
/** A filter that leaves fewer rows looks further back by itself, among so many events; a story that begins earlier, among all. */
const ENOUGH = 100;
const LOOKED_THROUGH = 10_000;

export function ConsoleScreen({ store, net }: ScreenProps) {
  const sentBack = useSentBack(net);
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
  const isAll = !failures && persona === "" && q === "" && story === null;
  const sieve = useMemo(() => new EventSieve((event) => keeps(event, { failures, persona, q, story })), [failures, persona, q, story]);
  const shown = useMemo(() => (isAll ? events : sieve.read(events)), [events, isAll, sieve]);
  const further =
    !isAll && held === null && (story !== null && shown.length === 0 ? true : isShort(shown, story) && events.length < LOOKED_THROUGH);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each page that came is a reason to look whether another is needed
  useEffect(() => {
    if (further) void store.pageBack();
  }, [further, store, events]);
  const [book] = useState(() => new StoryBook());
  const [most, setMost] = useState(STORIES_SHOWN);
  const { stories, personas } = useMemo(() => {
    book.read(events);
    return { stories: book.newest(most), personas: book.personas() };
  }, [book, events, most]);
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
        {book.size > stories.length && (
          <button type="button" onClick={() => setMost(most + STORIES_SHOWN)}>
            Older stories ({book.size - stories.length})
          </button>
        )}
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
        <Lines
          key={`${failures} ${persona} ${q} ${story}`}
          events={shown}
          sentBack={sentBack}
          onTop={() => held === null && void store.pageBack()}
          empty={isAll || store.more === null ? "Nothing to tell yet." : `Nothing among the newest ${plural(events.length, "event")}.`}
        />
      </section>
    </div>
  );
}

/** A story whose beginning is here is whole. */
function isShort(shown: readonly NetEvent[], story: string | null): boolean {
  return shown.length < ENOUGH && !(story !== null && shown.some(({ type }) => type === "arrived"));
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
  if (story !== null && storyKeyOf(event) !== story) return false;
  return q === "" || `${event.summary} ${event.type} ${event.transition ?? ""}`.toLowerCase().includes(q.toLowerCase());
}

const StoryCard = memo(function StoryCard({ story, chosen }: { story: Story; chosen: boolean }) {
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
});

interface LinesProps {
  events: readonly NetEvent[];
  sentBack: SentBack;
  empty: string;
  /** The first rows have come in sight. */
  onTop: () => void;
}

/**
 * Rows are made for what is in sight. The end is followed while the end is in sight; else the row at the top stays where it is, whatever
 * comes before or behind it.
 */
function Lines({ events, empty, onTop, sentBack }: LinesProps) {
  const box = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const top = useRef({ seq: 0, offset: 0 });
  const blocks = useVirtualizer({
    count: Math.ceil(events.length / BLOCK),
    getScrollElement: () => box.current,
    estimateSize: () => ROW * BLOCK,
    overscan: 1,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new event is a reason to look whether the end is followed
  useLayoutEffect(() => {
    if (following.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [events.length, events.at(-1)?.seq]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what comes or goes before the rows moves them
  useLayoutEffect(() => {
    if (following.current || !box.current) return;
    const at = firstFrom(events, top.current.seq);
    box.current.scrollTop = at * ROW + top.current.offset;
  }, [events[0]?.seq]);
  const onScroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = box.current ?? { scrollTop: 0, scrollHeight: 0, clientHeight: 0 };
    following.current = scrollHeight - scrollTop - clientHeight < ROW * 2;
    const at = Math.floor(scrollTop / ROW);
    top.current = { seq: events[at]?.seq ?? 0, offset: scrollTop - at * ROW };
    if (!following.current && scrollTop < ROW * BLOCK) onTop();
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by the keyboard
    <div className="lines" ref={box} onScroll={onScroll} role="log" aria-label="Events" tabIndex={0}>
      <div style={{ height: events.length * ROW, position: "relative" }}>
        {blocks.getVirtualItems().flatMap(({ index }) => {
          const first = index * BLOCK;
          return events
            .slice(first, first + BLOCK)
            .map((event, at) => <Line key={event.seq} event={event} top={(first + at) * ROW} isBack={sentBack(event)} />);
        })}
      </div>
      {events.length === 0 && <p className="quiet center">{empty}</p>}
    </div>
  );
}

const Line = memo(function Line({ event, top, isBack }: { event: NetEvent; top: number; isBack: boolean }) {
  const note = ruleNote(event);
  return (
    <div className={`line ${event.status}`} style={{ transform: `translateY(${top}px)` }} data-seq={event.seq}>
      <time dateTime={event.ts}>{clockTime(event.ts)}</time>
      <Dot status={event.status} isBack={isBack} />
      <span className="text" title={`${event.seq} ${event.type}`}>
        {event.summary}
        {note !== null && <span className="quiet"> ({note})</span>}
      </span>
    </div>
  );
});
