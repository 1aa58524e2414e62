/** What is counted of a log, in memory that does not grow with it. Pure. */
import type { Level, LogEntry } from "./parse.ts";
import { signatureOf } from "./signature.ts";

export interface Signature {
  signature: string;
  count: number;
  example: string;
  /** ISO time. */
  first: string | null;
  level: Level;
}
export interface Figures {
  entries: number;
  errors: number;
  /** From 0 to 1. */
  errorRate: number;
  levels: Record<string, number>;
  formats: Record<string, number>;
  from: string | null;
  to: string | null;
  perSecond: number | null;
  /** Milliseconds. */
  latency: { count: number; p50: number; p95: number; p99: number; max: number } | null;
}

const MOST_SIGNATURES = 5000;
const SHOWN = 300;
/** Buckets of latencies grow by 2 %: a quantile is right to that. */
const GROWTH = Math.log(1.02);

export class Tally {
  #entries = 0;
  #errors = 0;
  readonly #levels: Record<string, number> = {};
  readonly #formats: Record<string, number> = {};
  #from = Number.POSITIVE_INFINITY;
  #to = Number.NEGATIVE_INFINITY;
  readonly #latencies = new Map<number, number>();
  #latencyCount = 0;
  #latencyMax = 0;
  readonly #signatures = new Map<string, Signature>();

  take(entry: LogEntry): void {
    this.#entries += 1;
    this.#levels[entry.level] = (this.#levels[entry.level] ?? 0) + 1;
    this.#formats[entry.format] = (this.#formats[entry.format] ?? 0) + 1;
    if (entry.at !== null) {
      this.#from = Math.min(this.#from, entry.at);
      this.#to = Math.max(this.#to, entry.at);
    }
    if (entry.latencyMs !== null) {
      const bucket = entry.latencyMs <= 0.001 ? 0 : Math.round(Math.log(entry.latencyMs / 0.001) / GROWTH);
      this.#latencies.set(bucket, (this.#latencies.get(bucket) ?? 0) + 1);
      this.#latencyCount += 1;
      this.#latencyMax = Math.max(this.#latencyMax, entry.latencyMs);
    }
    if (entry.level === "error") this.#takeError(entry);
  }

  #takeError(entry: LogEntry): void {
    this.#errors += 1;
    const signature = signatureOf(entry);
    const known = this.#signatures.get(signature);
    if (known) known.count += 1;
    else if (this.#signatures.size < MOST_SIGNATURES) {
      const first = entry.at === null ? null : new Date(entry.at).toISOString();
      this.#signatures.set(signature, { signature, count: 1, example: entry.line.slice(0, SHOWN), first, level: entry.level });
    }
  }

  /** The most frequent first. */
  signatures(): Signature[] {
    return [...this.#signatures.values()].sort((a, b) => b.count - a.count || (a.signature < b.signature ? -1 : 1));
  }

  figures(): Figures {
    const timed = this.#to >= this.#from;
    const seconds = (this.#to - this.#from) / 1000;
    return {
      ...{ entries: this.#entries, errors: this.#errors, levels: { ...this.#levels }, formats: { ...this.#formats } },
      errorRate: this.#entries === 0 ? 0 : rounded(this.#errors / this.#entries, 5),
      from: timed ? new Date(this.#from).toISOString() : null,
      to: timed ? new Date(this.#to).toISOString() : null,
      perSecond: timed && seconds > 0 ? rounded(this.#entries / seconds, 3) : null,
      latency:
        this.#latencyCount === 0
          ? null
          : {
              ...{ count: this.#latencyCount, p50: this.#quantile(0.5), p95: this.#quantile(0.95), p99: this.#quantile(0.99) },
              max: rounded(this.#latencyMax, 3),
            },
    };
  }

  /** The nearest rank. */
  #quantile(share: number): number {
    const rank = Math.ceil(share * this.#latencyCount);
    let seen = 0;
    for (const bucket of [...this.#latencies.keys()].sort((a, b) => a - b)) {
      seen += this.#latencies.get(bucket) ?? 0;
      if (seen >= rank) return rounded(Math.min(this.#latencyMax, 0.001 * Math.exp(bucket * GROWTH)), 3);
    }
    return rounded(this.#latencyMax, 3);
  }
}

export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
