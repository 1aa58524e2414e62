/**
 * The stories of `demo --stories`: small functions that show a quantity with its unit, and reports of users beside them. Everything
 * follows from the number of the story, so the same demo is the same everywhere.
 */

export interface DemoReport {
  id: string;
  what: "crash" | "wrong" | "slow" | "wish" | "question";
  where: "list" | "search" | "login" | "export";
  version: string;
  text: string;
}
export interface DemoStory {
  number: number;
  /** Stands in every text of the story, so that its answers are found by it. */
  mark: string;
  slug: string;
  title: string;
  request: { title: string; text: string };
  reports: DemoReport[];
  files: { path: string; text: string }[];
}

const UNITS = [
  ["metres", "m", 1],
  ["litres", "l", 1],
  ["grams", "g", 0],
  ["kilograms", "kg", 2],
  ["kilometres", "km", 2],
  ["seconds", "s", 1],
  ["minutes", "min", 0],
  ["hours", "h", 1],
  ["watts", "W", 0],
  ["volts", "V", 1],
  ["amperes", "A", 2],
  ["hertz", "Hz", 0],
  ["newtons", "N", 1],
  ["pascals", "Pa", 0],
  ["joules", "J", 0],
  ["kelvins", "K", 1],
  ["lumens", "lm", 0],
  ["candelas", "cd", 1],
  ["bits", "bit", 0],
  ["bytes", "B", 0],
] as const;
export const MOST_STORIES = UNITS.length;
const REPORTS = 8;
const WHAT = ["crash", "wrong", "slow", "wish", "question"] as const;
const WHERE = ["list", "search", "login", "export"] as const;

export function demoStories(count: number): DemoStory[] {
  return UNITS.slice(0, count).map(([name, symbol, digits], at) => {
    const number = at + 1;
    const mark = `Story ${String(number).padStart(2, "0")}`;
    const title = `${mark}: show ${name} with their unit`;
    return {
      ...{ number, mark, slug: `show-${name}`, title },
      request: { title, text: `A value in ${name} is shown with ${digits} digits and the unit ${symbol}.` },
      reports: Array.from({ length: REPORTS }, (_, index) => report(number, index)),
      files: [
        { path: `src/units/${name}.js`, text: source(name, symbol, digits) },
        { path: `test/units-${name}.test.js`, text: tests(name, symbol, digits) },
      ],
    };
  });
}

/** Which kinds come together changes from story to story. */
function report(story: number, index: number): DemoReport {
  const turn = story * REPORTS + index;
  const what = WHAT[(turn * 7 + story) % WHAT.length] ?? "wish";
  const where = WHERE[(turn * 3 + Math.floor(turn / 5)) % WHERE.length] ?? "list";
  const id = `r-${String(story).padStart(2, "0")}-${index + 1}`;
  return { id, what, where, version: `2.${story % 4}`, text: `Report ${id} about the ${where}: a ${what}.` };
}

function source(name: string, symbol: string, digits: number): string {
  return [
    `/** A value in ${name}, with its unit. */`,
    `export function ${name}(value) {`,
    '  if (!Number.isFinite(value)) throw new TypeError("a value is a number");',
    `  return \`\${value.toFixed(${digits})} ${symbol}\`;`,
    "}",
    "",
  ].join("\n");
}

function tests(name: string, symbol: string, digits: number): string {
  return [
    'import assert from "node:assert/strict";',
    'import { test } from "node:test";',
    `import { ${name} } from "../src/units/${name}.js";`,
    "",
    `test("shows ${name} with their unit", () => assert.equal(${name}(12), "${(12).toFixed(digits)} ${symbol}"));`,
    `test("refuses what is no number of ${name}", () => assert.throws(() => ${name}("many"), TypeError));`,
    "",
  ].join("\n");
}
