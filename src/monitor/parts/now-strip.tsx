/** What goes on, in words, beneath the drawing: the story that moved last, who works, who is waited for, and the newest sentences. */
import { useMemo } from "react";
import type { NetEvent } from "../../contract/event.ts";
import { addressOf, go } from "../address.ts";
import { useSentBack } from "../net/use-sent-back.ts";
import type { Marking } from "../queries.ts";
import { NO_STORY, type Story, storiesOf } from "../stories.ts";
import { ageOf, clockTime } from "../words.ts";
import { Dot } from "./dot.tsx";
import { StoryFacts } from "./story-facts.tsx";

const LINES = 7;
/** Enough for the stories that move. */
const LOOKED_AT = 2000;

export function NowStrip({ net, events, marking }: { net: string; events: readonly NetEvent[]; marking: Marking | null }) {
  const recent = events.slice(-LOOKED_AT);
  const length = events.length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the array grows in place
  const stories = useMemo(() => storiesOf(recent).filter(({ correlation, steps }) => correlation !== NO_STORY && steps > 1), [length]);
  const [story] = stories;
  const sentBack = useSentBack(net);
  const working = (marking?.firings ?? []).filter(({ gate }) => gate === null);
  const gated = (marking?.firings ?? []).filter(({ gate }) => gate !== null);
  return (
    <section className="now" aria-label="What goes on">
      <div className="now-story">
        {story ? <Headline net={net} story={story} /> : <p className="quiet">Nothing has been asked for yet.</p>}
        <ul className="doing">
          {gated.map(({ firing, gate, since, transition }) => (
            <li key={firing}>
              <button type="button" className="pill waiting" onClick={() => go(addressOf(net, "gates"))}>
                waits for people
              </button>{" "}
              {gate} before {transition}, for {ageOf(Date.now() - Date.parse(since))}
            </li>
          ))}
          {working.slice(0, 5).map(({ firing, persona, executor, transition, since }) => (
            <li key={firing}>
              <span className="pill going-on">works</span> {persona ?? executor ?? "the runtime"} at {transition}, for{" "}
              {ageOf(Date.now() - Date.parse(since))}
            </li>
          ))}
          {gated.length + working.length === 0 && <li className="quiet">Nobody works and nobody is waited for.</li>}
        </ul>
      </div>
      <ol className="ticker" aria-label="Newest events">
        {events.slice(-LINES).map((event) => (
          <li key={event.seq} className={event.status}>
            <time dateTime={event.ts}>{clockTime(event.ts)}</time> <Dot status={event.status} isBack={sentBack(event)} />{" "}
            <span>{event.summary}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Headline({ net, story }: { net: string; story: Story }) {
  return (
    <p className="headline">
      <button type="button" className="link" onClick={() => go(addressOf(net, "console", { story: story.correlation }))}>
        {story.title}
      </button>{" "}
      <StoryFacts story={story} />
    </p>
  );
}
