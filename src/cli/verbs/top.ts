/** `petrel top`: all of a running system on one page, live in a terminal, once everywhere else. */
import { closedError } from "../../client/known-nets.ts";
import { CostsSoFar, type Overview, overviewOf } from "../../client/overview.ts";
import { delay } from "../../contract/clock.ts";
import type { Json } from "../../contract/json.ts";
import { harmless } from "../harmless.ts";
import { type Output, readableAge } from "../output.ts";
import { EXIT, type Verb, type VerbCall } from "../verb.ts";

const EVERY_MS = 1000;
const MOST_PLACES = 12;
const MOST_DOING = 12;
/** Home, and what is below is cleared: the page is drawn over itself. */
const HOME = "\u001b[H\u001b[J";
const CLEAR = "\u001b[2J";

export const topVerb: Verb = {
  command: "top",
  summary: "nets, places, personas, executors and cost on one page, live",
  details: "In a terminal it is drawn anew each second until Ctrl-C. Into a pipe or a file, and with --once or --json, it is told once.",
  examples: ["petrel top", "petrel top --every 5000", "petrel top --json"],
  options: [
    { flags: "--once", about: "tell it once and end" },
    { flags: "--every <ms>", about: `how often it is drawn (default ${EVERY_MS})` },
  ],
  run: async (call) => {
    const { petrel, out } = call;
    const live = petrel.stdout.isTTY === true && !out.json && !call.on("once");
    const every = Math.max(100, call.integer("every") ?? EVERY_MS);
    await call.withBroker(async (broker) => {
      const costs = new CostsSoFar();
      if (live) out.piece("");
      for (let round = 0; ; round++) {
        const overview = await overviewOf(broker, costs);
        const page = () => pageOf(call, overview);
        if (!live) return out.result(overview as unknown as Json, page);
        petrel.stdout.write(`${round === 0 ? CLEAR : ""}${HOME}${harmless(page())}\n`);
        await delay(petrel.clock, every, petrel.signal).catch(() => {});
        if (petrel.signal.aborted) return undefined;
      }
    });
    return EXIT.ok;
  },
};

function pageOf({ out, petrel }: VerbCall, { nets, closed, places, doing, executors, blocked, costs }: Overview): string {
  const now = petrel.clock.now();
  const age = (iso: string | null) => (iso === null ? "" : readableAge(Math.max(0, now - Date.parse(iso))));
  const parts = [
    out.table(
      ["NET", "STATE", "TOKENS", "RUNNING", "WAITS FOR PEOPLE"],
      nets.map((row) => [row.net, stateWord(out, row.state), String(row.tokens), String(row.running), people(out, row.gated)]),
    ),
    ...closed.map((each) => out.paint.red(`${closedError(each).message} (petrel doctor)`)),
    section(out, "PLACES", places.length, MOST_PLACES, ["PLACE", "WAITING", "RESERVED", "OLDEST"], () =>
      places.slice(0, MOST_PLACES).map((row) => [`${row.net}/${row.place}`, String(row.waiting), String(row.reserved), age(row.oldestAt)]),
    ),
    section(out, "AT WORK", doing.length, MOST_DOING, ["WHO", "AT", "FOR", ""], () =>
      doing
        .slice(0, MOST_DOING)
        .map((row) => [
          row.who,
          `${row.net}/${row.transition}`,
          age(row.since),
          row.gate === null ? "" : out.paint.yellow(`waits at ${row.gate}`),
        ]),
    ),
    section(out, "EXECUTORS", executors.length, executors.length, ["EXECUTOR", "BUSY", "POOLS", "LABELS"], () =>
      executors.map((row) => [row.name, `${row.busy} of ${row.slots}`, row.pools.join(" "), row.labels.join(" ")]),
    ),
    ...blocked.map((row) => out.paint.yellow(`${row.net}/${row.transition} is blocked: ${row.text}`)),
    costText(costs),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

function section(out: Output, title: string, all: number, most: number, head: string[], rows: () => string[][]): string {
  if (all === 0) return title === "AT WORK" ? "Nobody is at work." : title === "EXECUTORS" ? "No executor is there." : "";
  return `${out.table(head, rows())}${all > most ? `\n... and ${all - most} more` : ""}`;
}

function costText({ total, rows }: Overview["costs"]): string {
  if (total.calls === 0) return "No model has been asked yet.";
  const most = rows.slice(0, 5).map(({ by, listUsd }) => `${by.persona} ${listUsd.toFixed(4)}`);
  return `Cost: ${total.usd.toFixed(4)} USD, ${total.listUsd.toFixed(4)} at list prices, ${total.calls} calls. By persona, at list prices: ${most.join(", ")}.`;
}

function stateWord(out: Output, state: string): string {
  return state === "running" ? out.paint.green(state) : state === "paused" ? out.paint.yellow(state) : out.paint.red(state);
}
const people = (out: Output, count: number): string => (count === 0 ? "" : out.paint.yellow(String(count)));
