/** A line for a question in ArcQL: what may come next is offered in a list beneath, by the pattern of a combobox (ARIA APG). */
import { type KeyboardEvent, useId, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { type Completion, type Completions, completed, completionsFor, type Known } from "./arcql-completion.ts";

const NONE: Completions = { from: 0, items: [] };

export function QueryBox({ value, known, onChange }: { value: string; known: Known; onChange: (text: string) => void }) {
  const id = useId();
  const box = useRef<HTMLInputElement>(null);
  const [offered, setOffered] = useState<Completions>(NONE);
  /** Of the offered ones, the one that Enter takes; -1: none. */
  const [active, setActive] = useState(-1);
  const { items } = offered;
  const offer = (text: string, cursor: number) => {
    setOffered(completionsFor(text, cursor, known));
    setActive(-1);
  };
  const close = () => setOffered(NONE);
  const take = (item: Completion) => {
    const cursor = box.current?.selectionStart ?? value.length;
    const next = completed(value, cursor, offered.from, item);
    // At once: whoever types on in the same moment types behind it.
    flushSync(() => {
      onChange(next.text);
      offer(next.text, next.cursor);
    });
    box.current?.focus();
    box.current?.setSelectionRange(next.cursor, next.cursor);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const chosen = items[active];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (items.length === 0) return offer(value, box.current?.selectionStart ?? value.length);
      const step = event.key === "ArrowDown" ? 1 : -1;
      setActive(active < 0 && step < 0 ? items.length - 1 : (active + step + items.length) % items.length);
    } else if ((event.key === "Enter" || event.key === "Tab") && chosen) {
      event.preventDefault();
      take(chosen);
    } else if (event.key === "Enter") close();
    else if (event.key === "Escape" && items.length > 0) {
      // The list is closed, not the panel around it.
      event.preventDefault();
      event.stopPropagation();
      event.nativeEvent.stopImmediatePropagation();
      close();
    }
  };
  return (
    <div className="query-box">
      <input
        id="arcql"
        ref={box}
        role="combobox"
        aria-autocomplete="list"
        aria-expanded={items.length > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
        value={value}
        placeholder="attempt > 1 ORDER BY $meta.at DESC LIMIT 5"
        autoComplete="off"
        spellCheck={false}
        onChange={({ target }) => {
          onChange(target.value);
          offer(target.value, target.selectionStart ?? target.value.length);
        }}
        onKeyDown={onKeyDown}
        onBlur={close}
      />
      <div id={`${id}-list`} className="offers" role="listbox" aria-label="What may come next" hidden={items.length === 0}>
        {items.map((item, at) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the box has the focus, and its keys choose
          <div
            key={`${item.kind} ${item.text}`}
            id={`${id}-${at}`}
            role="option"
            aria-selected={at === active}
            tabIndex={-1}
            // The box keeps the focus.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => take(item)}
          >
            <code>{item.text}</code> <span className="quiet">{item.about ?? item.kind}</span>
          </div>
        ))}
      </div>
    </div>
  );
}
