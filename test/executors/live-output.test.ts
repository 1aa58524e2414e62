/** What commands print is told while they run, within bounds, and without the secrets that they were given. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PIECE_CHARACTERS } from "../../src/contract/printed.ts";
import { secretFilter } from "../../src/contract/secret-forms.ts";
import { liveOutput } from "../../src/executors/live-output.ts";
import { until } from "../support/wait-until.ts";
import { type ExecutorBench, goodValue, startBench } from "./bench.ts";
import { realClock } from "./real-clock.ts";

let bench: ExecutorBench;
const folder = mkdtempSync(join(tmpdir(), "petrel-live-"));
beforeAll(async () => {
  bench = await startBench();
});
afterAll(async () => {
  await bench?.end();
  rmSync(folder, { recursive: true, force: true });
});

const printedBy = (firing: string) => bench.owner.printed.filter((piece) => piece.firing === firing);
const textOf = (firing: string, from: string) =>
  printedBy(firing)
    .filter((piece) => piece.from === from)
    .map(({ text }) => text)
    .join("");

test("a command is heard while it runs: its words first, then both outputs, and an end of each", async () => {
  const go = join(folder, "go");
  mkdirSync(folder, { recursive: true });
  const script = `echo begun; echo oops >&2; while [ ! -e ${go} ]; do sleep 0.05; done; printf 'grüße'`;
  const order = bench.order("shell.run", { script });
  bench.owner.offer(order);
  await until(
    "it is heard before it has ended",
    () => textOf(order.firing, "stdout") === "begun\n" && textOf(order.firing, "stderr") === "oops\n",
  );
  expect(bench.owner.resultOf(order)).toBeUndefined();
  writeFileSync(go, "");
  const result = await until("the result", () => bench.owner.resultOf(order), 60_000);
  expect(goodValue(result)).toMatchObject({ stdout: "begun\ngrüße" });
  expect(textOf(order.firing, "stdout")).toBe("begun\ngrüße");
  expect(textOf(order.firing, "command")).toMatch(/^sh .*script$/);
  expect(printedBy(order.firing).filter(({ last }) => last)).toHaveLength(3);
  const stdout = printedBy(order.firing).filter(({ from }) => from === "stdout");
  expect(stdout[0]?.at).toBe(0);
  for (const [at, piece] of stdout.slice(1).entries()) expect(piece.at).toBe(stdout[at]?.end);
});

test("a flood does not stop it, and what is told stays small, with the gaps in sight", async () => {
  const order = bench.order("shell.run", { argv: ["node", "-e", "for (let n = 0; n < 200000; n++) console.log('line ' + n)"] });
  bench.owner.offer(order);
  const result = await until("the result", () => bench.owner.resultOf(order), 60_000);
  expect(goodValue(result)).toMatchObject({ exitCode: 0 });
  const pieces = printedBy(order.firing).filter(({ from }) => from === "stdout");
  for (const { text } of pieces) expect(text.length).toBeLessThanOrEqual(PIECE_CHARACTERS);
  const gaps = pieces.slice(1).filter((piece, at) => piece.at > (pieces[at]?.end ?? 0));
  expect(gaps.length).toBeGreaterThan(0);
  expect(pieces.at(-1)).toMatchObject({ last: true, end: 200000 * 6 + 1088890 });
});

test("a secret is not told, wherever a chunk ends, nor in the words of the command", () => {
  const secret = "hunter2hunter2";
  for (let cut = 1; cut < secret.length; cut++) {
    const told: string[] = [];
    const command = liveOutput({
      clock: realClock,
      filter: secretFilter(new Map([["KEY", secret]])),
      tell: ({ text }) => void told.push(text),
    });
    const output = command(["curl", "-H", `Authorization: ${secret}`]);
    output.hear("stdout", Buffer.from(`key ${secret.slice(0, cut)}`));
    output.hear("stdout", Buffer.from(`${secret.slice(cut)}\n`));
    output.end();
    expect(told.join("|")).toBe("curl -H 'Authorization: <secret KEY>'|key <secret KEY>\n|");
  }
});

test("lines for programs are shown in the words of people", () => {
  const told: string[] = [];
  const command = liveOutput({ clock: realClock, filter: secretFilter(new Map()), tell: ({ text }) => void told.push(text) });
  const output = command(["node", "--test"], (line) => line.replace(/^@json (.*)$/, (_, json: string) => String(JSON.parse(json))));
  output.hear("stdout", Buffer.from('@json "fir'));
  output.hear("stdout", Buffer.from('st"\nplain\n@json "no end"'));
  output.end();
  expect(told.join("|")).toBe('node --test|first\nplain\n@json "no end"|');
  expect(existsSync(folder)).toBe(true);
});
