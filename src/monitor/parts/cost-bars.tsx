/** Costs as bars; the table beneath says the same in numbers. */
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

const HEIGHT = 190;
const MOST = 24;

export function CostBars({ rows }: { rows: { name: string; usd: number }[] }) {
  const box = useRef<HTMLDivElement>(null);
  const key = JSON.stringify(rows.slice(0, MOST));
  useEffect(() => {
    if (!box.current) return;
    const shown = JSON.parse(key) as { name: string; usd: number }[];
    const style = getComputedStyle(document.documentElement);
    const [accent, soft] = [style.getPropertyValue("--accent").trim(), style.getPropertyValue("--soft").trim()];
    const bars = uPlot.paths.bars?.({ size: [0.6, 80] });
    const chart = new uPlot(
      {
        width: Math.min(960, box.current.clientWidth),
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
            values: () => shown.map(({ name }) => (name.length > 18 ? `${name.slice(0, 17)}…` : name)),
          },
          { stroke: soft, size: 80, values: (_, ticks) => ticks.map((tick) => `${Number(tick.toPrecision(3))} $`) },
        ],
      },
      [shown.map((_, at) => at), shown.map(({ usd }) => usd)],
      box.current,
    );
    return () => chart.destroy();
  }, [key]);
  return <div ref={box} role="img" aria-label="Costs at list prices as bars; the table has the numbers" />;
}
