/** What stands beside the drawing. Escape shuts it. */
import { type ReactNode, useEffect } from "react";

export function Panel({ title, kind, onClose, children }: { title: string; kind: string; onClose: () => void; children: ReactNode }) {
  useEffect(() => {
    const key = (event: KeyboardEvent) => event.key === "Escape" && onClose();
    window.addEventListener("keydown", key);
    return () => window.removeEventListener("keydown", key);
  }, [onClose]);
  return (
    <aside className="panel" aria-label={`${kind} ${title}`}>
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
