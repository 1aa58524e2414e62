/** What asking again has shown: sums for programs, a table for people. What failed is told as that, and is in no figure of the answered ones. */
import type { PastRequest } from "../../client/past-requests.ts";
import type { Output } from "../output.ts";
import type { Retold } from "./whatif.ts";
import { changesText } from "./whatif-changes.ts";

/** The code of a request that the budget did not reach. */
export const OVERSPENT = "models-budget-exhausted";

/** `usd` and `ms` are of those that were answered; what the others cost, as far as their providers told, is `usd.failed`. */
export function whatifSums(retold: readonly Retold[]) {
  const answered = retold.filter(({ now }) => now.error === undefined);
  const failed = retold.filter(({ now }) => now.error !== undefined);
  const sum = (of: (one: Retold) => number) => answered.reduce((all, one) => all + of(one), 0);
  const first = failed[0];
  return {
    asked: retold.length,
    answered: answered.length,
    /** Of the answered ones: those that had an answer then too. */
    compared: answered.filter(({ was }) => was.answered).length,
    same: retold.filter(({ same }) => same).length,
    failed: failed.length,
    failures: countsOf(failed.map(({ now }) => now.code ?? "failed")),
    firstError: first ? { net: first.net, seq: first.seq, code: first.now.code ?? "failed", message: first.now.error ?? "" } : null,
    usd: {
      was: sum(({ was }) => was.usd),
      now: sum(({ now }) => now.usd ?? 0),
      failed: failed.reduce((all, { now }) => all + (now.usd ?? 0), 0),
    },
    ms: { was: sum(({ was }) => was.ms), now: sum(({ now }) => now.ms) },
    recorded: retold.filter(({ now }) => now.recorded).length,
  };
}
type Sums = ReturnType<typeof whatifSums>;

export function whatifText(retold: readonly Retold[], requests: readonly PastRequest[], out: Output): string {
  const nets = new Set(requests.map(({ net }) => net));
  const told = whatifSums(retold);
  const by = [...new Set(retold.flatMap(({ now }) => (now.model === null ? [] : [`${now.provider}/${now.model}`])))];
  return [
    out.table(
      ["EVENT", "STEP", "WAS", "NOW", "USD WAS", "USD NOW", "TIME", "DIFFERS IN"],
      retold.map((one) => row(one, nets.size > 1)),
    ),
    "",
    ...changesText(retold, nets.size > 1),
    ...(told.answered > 0 ? [answeredText(told)] : []),
    ...(told.failed > 0 ? [failedText(told)] : []),
    ...(retold.some(({ now }) => now.code === OVERSPENT)
      ? ["The budget was not enough for all: --budget sets another, --last asks for fewer."]
      : []),
    ...(by.length > 0 ? [`Asked now: ${by.join(", ")}.`] : []),
    ...(told.recorded > 0
      ? [`${told.recorded} of them were answered from a recording, not by a model: what it says of a change is what the recording holds.`]
      : []),
    "Nothing was changed. petrel persona apply FILE makes a change, for firings from then on.",
  ].join("\n");
}

function row(one: Retold, several: boolean): string[] {
  const { net, seq, transition, was, now, same, differences } = one;
  const where = differences.map((path) => path || "all of it").join(" ");
  return [
    `${several ? `${net} ` : ""}${seq}`,
    transition,
    was.outcome,
    now.error === undefined ? now.outcome : `failed${now.outcome === "failed" ? "" : `: ${now.outcome}`}`,
    usd(was.usd),
    now.usd === null ? "-" : usd(now.usd),
    `${(now.ms / 1000).toFixed(1)} s`,
    now.error !== undefined ? firstLine(now.error, 60) : same ? "same" : was.answered ? where : "no answer then",
  ];
}

function answeredText({ compared, answered, same, usd: { was, now } }: Sums): string {
  const rest = answered - compared;
  const none = rest === 0 ? "" : `, ${rest} had none then`;
  const compare =
    compared === 0 ? "No answer could be compared: there was none then" : `${same} of ${compared} answers are the same${none}`;
  const percent = Math.round((100 * (now - was)) / was);
  const saved = was > 0 ? `, ${percent > 0 ? "+" : ""}${percent} %` : "";
  return `${compare}; the ${answered} answered cost ${usd(was)} USD then, ${usd(now)} USD now${saved}, at list prices.`;
}

function failedText({ asked, answered, failed, failures, firstError, usd: cost }: Sums): string {
  const kinds = Object.entries(failures).map(([code, count]) => (count === failed ? code : `${code} ${count}`));
  const head = answered === 0 ? `None of ${asked} was answered` : `${failed} of ${asked} failed`;
  const paid = cost.failed > 0 ? ` What failed cost ${usd(cost.failed)} USD all the same.` : "";
  return `${head} (${kinds.join(", ")}); the first, event ${firstError?.seq}: ${firstLine(firstError?.message ?? "", 300)}.${paid}`;
}

function countsOf(codes: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const code of codes) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}

const usd = (amount: number): string => amount.toFixed(4);

function firstLine(text: string, most: number): string {
  const [line = ""] = text.split("\n");
  return (line.length > most ? `${line.slice(0, most - 1)}…` : line).replace(/\.$/, "");
}
