/** Costs as bars; the table beneath says the same in numbers. */
import { useEffect, useRef, useSyncExternalStore } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

const HEIGHT = 190;
const MOST = 24;
const MOST_WIDTH = 960;
/** Pixels: of the axis at the left, and of a letter beneath a bar. */
const AXIS = 80;
const LETTER = 7;

const dark = window.matchMedia("(prefers-color-scheme: dark)");
function onLook(call: () => void): () => void {
  window.addEventListener("resize", call);
  dark.addEventListener("change", call);
  return () => {
    window.removeEventListener("resize", call);
    dark.removeEventListener("change", call);
  };
}
/** What the chart is drawn for: it is pixels, which follow neither the window nor the colours by themselves. */
const look = () => `${window.innerWidth} ${dark.matches}`;

export function CostBars({ rows }: { rows: { name: string; usd: number }[] }) {
  const box = useRef<HTMLDivElement>(null);
  const key = JSON.stringify(rows.slice(0, MOST));
  const drawnFor = useSyncExternalStore(onLook, look);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another width or other colours are a reason to draw anew
  useEffect(() => {
    if (!box.current) return;
    const shown = JSON.parse(key) as { name: string; usd: number }[];
    const style = getComputedStyle(document.documentElement);
    const [accent = "", soft = "", line = ""] = ["--accent", "--soft", "--line"].map((name) => style.getPropertyValue(name).trim());
    const width = Math.min(MOST_WIDTH, box.current.clientWidth);
    const room = Math.max(4, Math.floor((width - AXIS) / Math.max(1, shown.length) / LETTER) - 1);
    const bars = uPlot.paths.bars?.({ size: [0.6, 80] });
    const chart = new uPlot(
      {
        width,
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: false, range: [-0.6, shown.length - 0.4] }, y: { range: (_, __, most) => [0, most * 1.1 || 1] } },
        series: [{}, { stroke: accent, fill: `${accent}66`, ...(bars ? { paths: bars } : {}), points: { show: false } }],
        axes: [
          {
            stroke: soft,
            grid: { show: false },
            splits: () => shown.map((_, at) => at),
            values: () => shown.map(({ name }) => (name.length > room ? `${name.slice(0, room - 1)}…` : name)),
          },
          {
            stroke: soft,
            size: AXIS,
            grid: { stroke: line, width: 1 },
            values: (_, ticks) => ticks.map((tick) => `${Number(tick.toPrecision(3))} $`),
          },
        ],
      },
      [shown.map((_, at) => at), shown.map(({ usd }) => usd)],
      box.current,
    );
    return () => chart.destroy();
  }, [key, drawnFor]);
  return <div ref={box} role="img" aria-label="Costs at list prices as bars; the table has the numbers" />;
}
