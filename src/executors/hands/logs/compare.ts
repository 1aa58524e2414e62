/** Before against after: what speaks against a deploy, with its figures. Pure. */
import type { CompareInput } from "./card.ts";
import type { Figures, Signature } from "./figures.ts";
import { rounded } from "./figures.ts";

export interface Reason {
  code: "new-errors" | "error-rate" | "latency" | "throughput" | "few-entries";
  text: string;
}
export interface Verdict {
  verdict: "good" | "bad" | "unclear";
  reasons: Reason[];
  told: string;
}

export function verdictOf(
  before: Figures,
  after: Figures,
  newErrors: readonly Signature[],
  { allow, least }: Pick<CompareInput, "allow" | "least">,
): Verdict {
  const bad = [
    ...errorReasons(before, after, newErrors, allow),
    ...latencyReasons(before, after, allow),
    ...throughputReasons(before, after, allow),
  ];
  if (bad.length > 0) return { verdict: "bad", reasons: bad, told: `Worse than before: ${bad.map(({ text }) => text).join("; ")}.` };
  if (after.entries < least) {
    const text = `${after.entries} entries after, and ${least} are the least for a verdict`;
    return { verdict: "unclear", reasons: [{ code: "few-entries", text }], told: `Nothing is known yet: ${text}.` };
  }
  const latency = after.latency ? `, p95 ${milliseconds(after.latency.p95)}` : "";
  return {
    verdict: "good",
    reasons: [],
    told: `As good as before: ${after.entries} entries, ${errors(after.errors)}, ${newErrors.length} new${latency}.`,
  };
}

function errorReasons(before: Figures, after: Figures, newErrors: readonly Signature[], allow: CompareInput["allow"]): Reason[] {
  const reasons: Reason[] = [];
  if (newErrors.length > allow.newErrors) {
    const [worst] = newErrors;
    const text = `${newErrors.length} new ${newErrors.length === 1 ? "error" : "errors"}, first of all ${JSON.stringify(worst?.signature)} (${worst?.count === 1 ? "once" : `${worst?.count} times`})`;
    reasons.push({ code: "new-errors", text });
  }
  if (after.errorRate > before.errorRate + allow.errorRate)
    reasons.push({
      code: "error-rate",
      text: `${percent(after.errorRate)} of the entries are errors, before it were ${percent(before.errorRate)}`,
    });
  return reasons;
}

function latencyReasons({ latency: before }: Figures, { latency: after }: Figures, allow: CompareInput["allow"]): Reason[] {
  if (!before || !after) return [];
  return (["p50", "p95"] as const).flatMap((quantile): Reason[] => {
    const [was, is] = [before[quantile], after[quantile]];
    if (is <= was * allow.latency || is - was <= allow.latencyMs) return [];
    return [{ code: "latency", text: `the ${quantile} of latency is ${milliseconds(is)}, before it was ${milliseconds(was)}` }];
  });
}

function throughputReasons({ perSecond: before }: Figures, { perSecond: after }: Figures, allow: CompareInput["allow"]): Reason[] {
  if (before === null || after === null || after >= before * allow.throughput) return [];
  return [{ code: "throughput", text: `${after} entries a second, before it were ${before}` }];
}

function errors(count: number): string {
  return `${count} error${count === 1 ? "" : "s"}`;
}

/** To three figures: the buckets that it is read from are coarser than that. */
function milliseconds(ms: number): string {
  return `${Number(ms.toPrecision(3))} ms`;
}

function percent(share: number): string {
  return `${rounded(share * 100, 2)} %`;
}
