/** Extraction from messages of varying form, formatting, changelog lines, and lookups whose vocabulary grows. */
import type { Json, JsonObject } from "../../src/contract/json.ts";
import type { Chance } from "./draws.ts";
import { message } from "./routing.ts";
import type { Stream } from "./stream.ts";
import { FIRST, LAST, MONTHS } from "./words.ts";

interface Order {
  number: string;
  amount: number;
  day: string;
}

const money = (amount: number): string => amount.toFixed(2).replace(/\B(?=(\d{3})+\.)/g, ",");

/** As four shops write it. */
const FORMS: ((order: Order, chance: Chance) => string)[] = [
  ({ number, amount, day }) => `Dear customer,\nyour order ${number} over ${money(amount)} EUR was received on ${day}.\nKind regards`,
  ({ number, amount, day }, chance) => `Order: ${number}\nTotal: ${money(amount)} EUR\nDate: ${day}\nNote: ${message(chance, [])}`,
  ({ number, amount, day }, chance) =>
    `Hi ${chance.pick(FIRST)}, we have your ${number} (${money(amount)} EUR), it leaves on ${day}. Thanks!`,
  ({ number, amount, day }) => `CONFIRMATION ${number}\n\nShipping date ${day}\nYou pay ${money(amount)} EUR in all`,
];

const twoDigits = (number: number): string => String(number).padStart(2, "0");
const dayOf = (chance: Chance): string => `2026-${twoDigits(chance.whole(1, 12))}-${twoDigits(chance.whole(1, 28))}`;

const extraction: Stream = {
  name: "extraction from four forms",
  kind: "learnable",
  item: (_, chance) => {
    const number = `${chance.pick(["SO", "PX"])}-${chance.whole(1000, 99_999)}`;
    const amount = chance.whole(500, 900_000) / 100;
    const day = dayOf(chance);
    return { input: { mail: chance.pick(FORMS)({ number, amount, day }, chance) }, truth: { order: number, amount, day } };
  },
  slip: (truth, chance) => {
    const { order, amount, day } = truth as { order: string; amount: number; day: string };
    return chance.pick<Json>([
      { order: order.slice(0, -1), amount, day },
      { order, amount: amount * 10, day },
      { order, amount, day: "2026-01-01" },
    ]);
  },
};

const formatting: Stream = {
  name: "status formatting",
  kind: "learnable",
  item: (_, chance) => {
    const [first, last] = [chance.pick(FIRST), chance.pick(LAST)];
    const done = chance.whole(0, 40);
    const due = dayOf(chance);
    const cents = chance.whole(1000, 9_000_000);
    const tasks = Array.from({ length: chance.whole(1, 4) }, () => chance.pick(["build", "test", "docs", "deploy", "review"]));
    const owner = `${first.toLowerCase()} ${last.toUpperCase()}`;
    const date = `${Number(due.slice(8))} ${MONTHS[Number(due.slice(5, 7)) - 1]} 2026`;
    const text = `${first} ${last}: ${done} tasks done (${tasks.join(", ")}), due ${date}, budget ${money(cents / 100)} EUR`;
    return { input: { report: { owner, done, due, cents, tasks, id: chance.whole(1, 10_000) } }, truth: { text } };
  },
  slip: (truth, chance) => {
    const words = chance.pick([" done", " finished tasks", " tasks were done"]);
    return { text: String((truth as JsonObject).text).replace(" tasks done", words) };
  },
};

const VERBS: Record<string, string> = { feature: "Added", fix: "Fixed", docs: "Documented", removal: "Removed" };

const changelog: Stream = {
  name: "changelog lines",
  kind: "learnable",
  item: (_, chance) => {
    const type = chance.zipf(Object.keys(VERBS));
    const title = message(chance, ["parser"]).slice(0, 40).trim();
    const issue = chance.chance(0.6) ? chance.whole(1, 9999) : null;
    const line = `- ${VERBS[type]}: ${title}`;
    return { input: { change: { type, title, issue, author: chance.pick(FIRST) } }, truth: issue === null ? line : `${line} (#${issue})` };
  },
  slip: (truth, chance) => chance.pick([String(truth).slice(2), String(truth).replace(":", " -"), String(truth).toUpperCase()]),
};

const TEAMS = ["apollo", "borealis", "cassini", "dawn", "euclid", "fermi"];

function productOf(rank: number): string {
  return `${"QWERTZUIOP".charAt(rank % 10)}${"ASDFGHJKL".charAt(rank % 9)}-${1000 + ((rank * 7919) % 9000)}`;
}

const lookup: Stream = {
  name: "lookup, growing vocabulary",
  kind: "learnable",
  item: (at, chance) => {
    const rank = chance.zipf(Array.from({ length: 40 + Math.floor(at / 100) }, (_, index) => index));
    const team = TEAMS[(rank * rank + 7 * Math.floor(rank / 3)) % TEAMS.length] ?? "";
    return { input: { part: { code: productOf(rank), count: chance.whole(1, 500) } }, truth: { team } };
  },
  slip: (truth, chance) => ({ team: chance.pick(TEAMS.filter((team) => team !== (truth as JsonObject).team)) }),
};

export const WRITING = [extraction, formatting, changelog, lookup];
