/** What "exactly once" means, from outside: the log, the marking, and a file that a command wrote. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { expect } from "vitest";
import type { NetEvent } from "../../src/contract/event.ts";
import type { NetState } from "../../src/net/state.ts";

/** Every token came into being once, went at most once, and lies in the marking exactly if it has not gone. */
export function eachTokenOnce(state: NetState, events: readonly NetEvent[], acknowledged: readonly string[]): void {
  const born = new Map<string, number>();
  const gone = new Map<string, number>();
  for (const event of events) {
    for (const { token } of event.produced ?? []) born.set(token.id, (born.get(token.id) ?? 0) + 1);
    if (!takesAway(event)) continue;
    for (const { id } of event.consumed ?? []) gone.set(id, (gone.get(id) ?? 0) + 1);
  }
  expect(acknowledged.filter((id) => !born.has(id))).toEqual([]);
  expect([...born, ...gone].filter(([, times]) => times !== 1)).toEqual([]);
  const resting = new Set([...state.places.values()].flatMap((tokens) => [...tokens.keys()]));
  expect([...born.keys()].filter((id) => resting.has(id) === gone.has(id))).toEqual([]);
}

/** Reserved tokens stay; these events end a firing, or are one. */
function takesAway({ type, attributes }: NetEvent): boolean {
  if (type === "failed") return attributes?.final === true;
  return type !== "started" && type !== "gated" && type !== "claimed" && type !== "lapsed";
}

/**
 * A command that asks a server which honours keys, as an argument vector: each asking is a line of `<file>`, and what is
 * applied, once for each key, a line of `<file>.applied`.
 */
export function honouringCommand(file: string): string[] {
  const code = `const fs = require("fs"), [file] = process.argv.slice(1), key = process.env.PETREL_FIRING;
fs.appendFileSync(file, key + "\\n");
try { fs.closeSync(fs.openSync(file + "." + key.replaceAll("/", "_"), "wx")); fs.appendFileSync(file + ".applied", key + "\\n"); } catch {}`;
  appendFileSync(file, "");
  return ["node", "-e", code, file];
}

const linesOf = (file: string) => (existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").filter(Boolean) : []);

/** Each effect is applied once, and is asked for again only with a later `started` in the log. */
export function eachEffectOnce(net: string, transition: string, file: string, events: readonly NetEvent[]): void {
  const fired = events.filter((event) => event.type === "fired" && event.transition === transition);
  const keys = fired.map(({ firing }) => `${net}/${transition}/${firing}`);
  expect(linesOf(`${file}.applied`).sort()).toEqual([...keys].sort());
  const asked = new Map<string, number>();
  for (const key of linesOf(file)) asked.set(key, (asked.get(key) ?? 0) + 1);
  const began = new Map<string, number>();
  for (const { type, firing, transition: of } of events) {
    if (of !== transition || type !== "started") continue;
    const key = `${net}/${transition}/${firing}`;
    began.set(key, (began.get(key) ?? 0) + 1);
  }
  expect([...asked].filter(([key, times]) => times > (began.get(key) ?? 0))).toEqual([]);
}
