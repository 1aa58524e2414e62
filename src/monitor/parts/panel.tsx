/** What stands beside the drawing. It has the focus when it opens; Escape shuts it, and the focus is where it was. */
import { type ReactNode, useEffect, useRef } from "react";

export function Panel({ title, kind, onClose, children }: { title: string; kind: string; onClose: () => void; children: ReactNode }) {
  const box = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another place or transition is another panel
  useEffect(() => {
    const before = document.activeElement;
    box.current?.focus({ preventScroll: true });
    return () => {
      const isLost = document.activeElement === document.body || document.activeElement === null;
      if (isLost && before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, [title, kind]);
  useEffect(() => {
    const key = (event: KeyboardEvent) => event.key === "Escape" && onClose();
    window.addEventListener("keydown", key);
    return () => window.removeEventListener("keydown", key);
  }, [onClose]);
  return (
    <aside className="panel" aria-label={`${kind} ${title}`} ref={box} tabIndex={-1}>
      <div className="bar">
        <h2>
          <span className="quiet">{kind}</span> {title}
        </h2>
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
      {children}
    </aside>
  );
}
