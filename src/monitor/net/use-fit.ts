/** The whole drawing stays in sight when its frame or the drawing changes, until somebody has moved it. */
import type { FitViewOptions } from "@xyflow/react";
import { useEffect, useRef } from "react";

/** Names are small enough as it is; above, there is room for arcs that lead back. */
export const FIT: FitViewOptions = { padding: { top: "24%", bottom: "4%", x: "2%" } };

interface Fitting {
  fitView(options: FitViewOptions): unknown;
}

/** `drawn`: another one for another drawing. */
export function useFit(drawn: unknown) {
  const frame = useRef<HTMLDivElement>(null);
  const flow = useRef<Fitting | null>(null);
  const moved = useRef(false);
  useEffect(() => {
    const fit = () => !moved.current && void flow.current?.fitView(FIT);
    const soon = drawn === null ? 0 : requestAnimationFrame(fit);
    const watch = new ResizeObserver(fit);
    if (frame.current) watch.observe(frame.current);
    return () => {
      cancelAnimationFrame(soon);
      watch.disconnect();
    };
  }, [drawn]);
  return {
    frame,
    onInit: (made: Fitting) => {
      flow.current = made;
    },
    /** By hand; the drawing's own moves have no event. */
    onMove: (event: unknown) => {
      moved.current ||= event !== null;
    },
  };
}
