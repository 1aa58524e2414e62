#!/usr/bin/env node
// Compares the log of a release with the last good one: node read-log.mjs BEFORE AFTER. Prints JSON: new error signatures, latency, verdict.
import { existsSync, readFileSync } from "node:fs";

const [before, after] = process.argv.slice(2).map(read);
const known = new Set(before.errors.map(signature));
const fresh = [...new Set(after.errors.map(signature))].filter((one) => !known.has(one));
const slower = before.times.length > 0 && after.p95 > Math.max(1000, 5 * before.p95);
const ok = fresh.length === 0 && !slower;
const told = [
  ...(fresh.length > 0 ? [`${fresh.length} new error${fresh.length === 1 ? "" : "s"}: ${fresh[0]}`] : ["no new error"]),
  `95 of 100 requests within ${after.p95} ms${before.times.length > 0 ? `, before ${before.p95} ms` : ""}`,
].join(", ");
const figures = ({ times, p95, errors }) => ({ requests: times.length, errors: errors.length, p95Ms: p95 });
process.stdout.write(`${JSON.stringify({ ok, told, newErrors: fresh.slice(0, 20), before: figures(before), after: figures(after) })}\n`);

function read(path) {
  const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : [];
  const entries = lines.flatMap((line) => {
    try {
      return [JSON.parse(line)];
    } catch {
      return [];
    }
  });
  const times = entries.flatMap(({ ms }) => (typeof ms === "number" ? [ms] : [])).sort((one, other) => one - other);
  const p95 = times[Math.max(0, Math.ceil(times.length * 0.95) - 1)] ?? 0;
  return { times, p95, errors: entries.filter(({ level }) => level === "error") };
}

/** The same error with other numbers and names is the same error. */
function signature({ message = "" }) {
  return message.replace(/0x[0-9a-f]+|\d+/gi, "N").replace(/"[^"]*"/g, '"…"');
}
