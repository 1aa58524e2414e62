/** What a running command prints, like a terminal: it follows the end unless somebody has scrolled up. */
import { useEffect, useRef } from "react";
import type { OutputStore } from "../output-store.ts";

/** So near to the end it follows on. */
const NEAR_PX = 24;

export function LiveOutput({ store, firing, label }: { store: OutputStore | null; firing: string; label: string }) {
  const box = useRef<HTMLPreElement>(null);
  const follows = useRef(true);
  const stretches = store?.of(firing) ?? [];
  const newest = stretches.at(-1);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whatever comes at the end is scrolled to
  useEffect(() => {
    if (follows.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [newest?.id, newest?.text.length]);
  if (stretches.length === 0) return null;
  return (
    <pre
      className="terminal"
      ref={box}
      role="log"
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled by the keyboard
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        follows.current = scrollHeight - scrollTop - clientHeight < NEAR_PX;
      }}
    >
      {stretches.map(({ id, from, missed, text }) => (
        <span key={id} className={from}>
          {missed > 0 && (
            <em>
              … {missed} characters left out …{"\n"}
            </em>
          )}
          {from === "command" ? `$ ${text}\n` : text}
        </span>
      ))}
    </pre>
  );
}
