/** Secrets in a text that comes in pieces: wherever it is cut, no part of one is told. */
import { expect, test } from "vitest";
import { FlowingText } from "../../src/contract/flowing-text.ts";
import { secretFilter } from "../../src/contract/secret-forms.ts";

const SECRETS = new Map([
  ["KEY", "hunter2hunter2"],
  ["LONG", "hunter2hunter2-and-more"],
  ["PEM", "-----BEGIN KEY-----\nabc123def456\n-----END KEY-----"],
]);
const filter = secretFilter(SECRETS);

function told(pieces: string[]): string {
  const flow = new FlowingText(() => filter);
  return pieces.map((piece) => flow.push(piece)).join("") + flow.end();
}

test.each(["hunter2hunter2", "hunter2hunter2-and-more", SECRETS.get("PEM") ?? "", encodeURIComponent(SECRETS.get("PEM") ?? "")])(
  "%j is taken out wherever the text is cut (W1)",
  (secret) => {
    const text = `before hunter2hu ${secret} between ${secret}${secret} behind`;
    const whole = filter.strip(text);
    for (let cut = 0; cut <= text.length; cut++) expect(told([text.slice(0, cut), text.slice(cut)]), String(cut)).toBe(whole);
    expect(told([...text])).toBe(whole);
  },
);

test("what is told before the end holds no beginning of a secret, and a text without one does not wait", () => {
  const flow = new FlowingText(() => filter);
  expect(flow.push("ready\n")).toBe("ready\n");
  expect(flow.push("key: hunter2hun")).toBe("key: ");
  expect(flow.held).toBe("hunter2hun".length);
  expect(flow.push("gry\n")).toBe("hunter2hungry\n");
});

test("after a gap so much is passed over as a secret could reach into (W2)", () => {
  const secret = "hunter2hunter2-and-more";
  for (let cut = 1; cut < secret.length; cut++) {
    const flow = new FlowingText(() => filter);
    flow.push("before ");
    const passed = flow.gap();
    const text = `${secret.slice(cut)} ${"x".repeat(passed)}y`;
    const shown = flow.push(text) + flow.end();
    expect(shown).toBe(text.slice(passed));
    expect(shown).not.toContain(secret.slice(cut));
  }
});

test("without secrets everything is told at once", () => {
  const flow = new FlowingText(() => null);
  expect(flow.push("hunter2")).toBe("hunter2");
  expect([flow.gap(), flow.held, flow.end()]).toEqual([0, 0, ""]);
});
