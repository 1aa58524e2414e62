/** The whole drawing stays in sight when its frame or the drawing changes, until somebody has moved it. */
import { useEffect, useRef } from "react";
import type { Box } from "./layout.ts";

interface Fitting {
  fitBounds(bounds: Box, options?: { padding?: number }): unknown;
}

/** `bounds`: of all that is drawn; another one for another drawing. */
export function useFit(bounds: Box) {
  const frame = useRef<HTMLDivElement>(null);
  const flow = useRef<Fitting | null>(null);
  const moved = useRef(false);
  const wanted = useRef(bounds);
  wanted.current = bounds;
  const show = () => void flow.current?.fitBounds(wanted.current, { padding: 0.02 });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another drawing is fitted anew
  useEffect(() => {
    const unmoved = () => !moved.current && show();
    const soon = requestAnimationFrame(unmoved);
    const watch = new ResizeObserver(unmoved);
    if (frame.current) watch.observe(frame.current);
    return () => {
      cancelAnimationFrame(soon);
      watch.disconnect();
    };
  }, [bounds]);
  return {
    frame,
    /** By the button: from now on it follows again. */
    refit: () => {
      moved.current = false;
      show();
    },
    onInit: (made: Fitting) => {
      flow.current = made;
      show();
    },
    /** By hand; the drawing's own moves have no event. */
    onMove: (event: unknown) => {
      moved.current ||= event !== null;
    },
  };
}
