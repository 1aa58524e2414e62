/**
 * Crystallization on streams with known truth: how much no model is asked about, how often a rule is wrong and how often the model
 * itself, what is saved, and how soon a change is seen; beside a cache of exact inputs and one of nearest neighbours. The stages are led
 * by the same pure functions that the engine calls. BENCH_SEED, BENCH_ITEMS, BENCH_ERRS and BENCH_STREAM choose.
 */
import { ROUTING } from "./crystallize/routing.ts";
import { errorOf, runStream, type StreamResult, shareAlone } from "./crystallize/run-stream.ts";
import { SEQUENCES } from "./crystallize/sequences.ts";
import { CHANGING, UNLEARNABLE } from "./crystallize/unlearnable.ts";
import { WRITING } from "./crystallize/writing.ts";
import { type Row, report } from "./report.ts";

const SIZE = Number(process.env.BENCH_ITEMS ?? 10_000);
const ERRS = Number(process.env.BENCH_ERRS ?? 0.05);
const SEED = Number(process.env.BENCH_SEED ?? Math.floor(performance.timeOrigin) % 100_000);
const STREAMS = [...ROUTING, ...WRITING, ...SEQUENCES, ...UNLEARNABLE, ...CHANGING].filter(({ name }) =>
  name.includes(process.env.BENCH_STREAM ?? ""),
);

const percent = (share: number): number => 100 * share;

function rowsOf(result: StreamResult): Row[] {
  const { stream, rule, exact, nearest, modelErrs } = result;
  const row = (what: string, value: number, unit: string, target: number | null = null, better?: "more" | "less"): Row => ({
    ...{ case: `${stream.name}: ${what}`, value, unit, target },
    ...(better ? { better } : {}),
  });
  const rows = [
    row("no model, first 1,000", percent(shareAlone(rule, 0, 1000)), "%"),
    row("no model, all", percent(shareAlone(rule, 0, SIZE)), "%", stream.kind === "unlearnable" ? 0 : null, "less"),
    row("wrong, by the rule", percent(errorOf(rule)), "%", percent(modelErrs), "less"),
    row("wrong, by the model", percent(modelErrs), "%"),
    row("money saved", percent(result.savedUsd / (result.savedUsd + result.paidUsd)), "%"),
    row("no model, exact cache", percent(shareAlone(exact, 0, SIZE)), "%"),
    row("wrong, by the exact cache", percent(errorOf(exact)), "%"),
    row("no model, nearest cache", percent(shareAlone(nearest, 0, SIZE)), "%"),
    row("wrong, by the nearest cache", percent(errorOf(nearest)), "%"),
  ];
  if (stream.kind === "learnable") rows.push(row("no model, items 1,800 to 2,000", percent(shareAlone(rule, 1800, 2000)), "%", 90, "more"));
  if (stream.kind === "changing") rows.push(row("firings until demoted", result.demotedAfter ?? SIZE, "", 200, "less"));
  return rows;
}

/** One line a stream, as docs/crystallization.md shows it. */
function line(result: StreamResult): string {
  const { stream, rule, exact, nearest, modelErrs, demotedAfter } = result;
  const shown = (share: number) => percent(share).toFixed(1);
  const both = (tally: typeof rule) => `${shown(shareAlone(tally, 0, SIZE))} / ${shown(errorOf(tally))}`;
  const windows = [shareAlone(rule, 0, 1000), shareAlone(rule, 1800, 2000), shareAlone(rule, 0, SIZE)].map(shown);
  const saved = shown(result.savedUsd / (result.savedUsd + result.paidUsd));
  const cells = [stream.name, ...windows, shown(errorOf(rule)), shown(modelErrs), saved, demotedAfter ?? "", both(exact), both(nearest)];
  return `| ${cells.join(" | ")} |`;
}

process.stderr.write(`seed ${SEED}, ${SIZE} items, the model errs in ${percent(ERRS)} %\n`);
const rows: Row[] = [];
for (const stream of STREAMS) {
  const result = await runStream(stream, SIZE, ERRS, SEED);
  process.stderr.write(`${line(result)}\n`);
  rows.push(...rowsOf(result));
}
report(rows);
process.exit();
