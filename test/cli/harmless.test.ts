/** What a terminal is given: colours of Petrel's own, and of others no more than their words. */
import { expect, test } from "vitest";
import { printEvent } from "../../src/cli/event-filter.ts";
import { harmless, oneSentence } from "../../src/cli/harmless.ts";
import { createOutput } from "../../src/cli/output.ts";
import { withoutSequences } from "../../src/contract/terminal-text.ts";
import { event } from "../contract/broker-samples.ts";

const HOSTILE = "A \u001b[2J\u001b[8mhidden\u001b]0;title\u0007 b\r\u009b2Kc\u202e\u007f d";

test.each([
  ["with colours", harmless],
  ["without", withoutSequences],
])("%s nothing moves the cursor, hides, rings or turns", (_, clean) => {
  expect(clean(HOSTILE)).not.toMatch(/[^ -~]/);
  expect(clean(HOSTILE)).toBe("A hidden b c d".replace(" c", "c"));
  expect(clean("plain\ttext,\nof two lines, é 漢 👍")).toBe("plain\ttext,\nof two lines, é 漢 👍");
});

test("a sequence that does not end swallows nothing of what follows", () => {
  const rest = "\n08:00:00    12 Approved by root";
  for (const open of ["\u001b]0;", "\u001b[", "\u009b", "\u001bP", "\u001b"])
    for (const clean of [harmless, withoutSequences]) expect(clean(`${open}title${rest}\u0007`).endsWith(rest)).toBe(true);
});

test("colours stay where there are colours", () => {
  const red = "\u001b[31mpetrel:\u001b[39m \u001b[22m\u001b[2mno\u001b[22m";
  expect(harmless(red)).toBe(red);
  expect(harmless(`${red}${HOSTILE}`).startsWith(red)).toBe(true);
  expect(withoutSequences(red)).toBe("petrel: no");
});

test("an event is one line, also when its words hold a second one", () => {
  expect(oneSentence("“A title\n08:00:00    12 Approved by root” arrived.\r\n")).toBe(
    "“A title 08:00:00    12 Approved by root” arrived. ",
  );
  for (const isTTY of [true, false]) {
    const said: string[] = [];
    const write = (text: string | Uint8Array) => said.push(String(text)) > 0;
    const out = createOutput({ stdout: { write, isTTY }, stderr: { write }, env: {} } as never, false);
    printEvent(out, { ...event("n", 1), summary: `“${HOSTILE}\nsecond” arrived.` } as never, (text) => text);
    expect(said).toHaveLength(1);
    expect(said[0]?.trimEnd().split("\n")).toHaveLength(1);
    expect(said[0]).not.toMatch(/\[2J|\[8m/);
    expect(withoutSequences(said[0] ?? "").trimEnd()).not.toMatch(/\p{Cc}/u);
    if (!isTTY) expect(said[0]?.trimEnd()).not.toMatch(/\p{Cc}/u);
    out.say(HOSTILE);
    expect(said[1]).toBe(`${withoutSequences(HOSTILE)}\n`);
  }
});
