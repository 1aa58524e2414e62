/** An agent in the position that releases pushes by a tool: the analysis looks at it as at any other push. */
import { describe, expect, test } from "vitest";
import { capabilityFlow } from "../../../src/net/analysis/capability-flow.ts";
import { netSchema } from "../../../src/net/definition.ts";

const net = (release: boolean) =>
  netSchema.parse({
    net: "n",
    places: { ready: {}, done: { sink: true } },
    transitions: {
      ship: {
        kind: "agent",
        persona: "releaser",
        ask: "Release.",
        pool: "code",
        workspace: {},
        release,
        in: [{ place: "ready" }],
        out: [{ to: "done" }],
      },
    },
  });
const codes = (release: boolean, flags: string) => capabilityFlow(net(release), () => flags).findings.map(({ code }) => code);

test("it needs x, and is listed among the pushes", () => {
  expect(capabilityFlow(net(true), () => "r-x--").pushes).toEqual([{ transition: "ship", persona: "releaser" }]);
  expect(codes(true, "r-x--")).not.toContain("push-without-flag");
  expect(codes(true, "rw---")).toContain("push-without-flag");
  expect(capabilityFlow(net(false), () => "r-x--").pushes).toEqual([]);
});

describe("a way from outside to a push", () => {
  const ship = { kind: "command", persona: "releaser", pool: "code", hand: "code.push", in: [{ place: "ready" }], out: [{ to: "done" }] };
  const found = (inbox: object, check: object) => {
    const places = { inbox: { open: true, ...inbox }, ready: {}, done: { sink: true } };
    const parsed = netSchema.parse({ net: "n", places, transitions: { check, ship } });
    return capabilityFlow(parsed, () => "r-x--").findings.map(({ code }) => code);
  };
  const check = { kind: "map", value: {}, in: [{ place: "inbox" }], out: [{ to: "done" }] };
  const gate = { approvers: ["role:maintainer"] };

  test("by an output, by a failure, and by waiting too long", () => {
    expect(found({}, check)).toEqual([]);
    expect(found({}, { ...check, out: [{ to: "ready" }] })).toEqual(["push-from-outside"]);
    expect(found({}, { ...check, onError: "ready" })).toEqual(["push-from-outside"]);
    expect(found({ deadline: { after: "1h", to: "ready" } }, check)).toEqual(["push-from-outside"]);
  });

  test("past people, when they do not decide in time", () => {
    expect(found({}, { ...check, out: [{ to: "ready" }], gate })).toEqual([]);
    expect(found({}, { ...check, gate: { ...gate, expires: "1h", escalate: "ready" } })).toEqual(["push-from-outside"]);
  });
});

test("a command pushes by git, however it is called", () => {
  const pushes = (argv: string[]) => {
    const command = { kind: "command", persona: "releaser", pool: "code", argv, in: [{ place: "ready" }], out: [{ to: "done" }] };
    const parsed = netSchema.parse({ net: "n", places: { ready: {}, done: { sink: true } }, transitions: { command } });
    return capabilityFlow(parsed, () => null).pushes.length === 1;
  };
  for (const argv of [
    ["git", "push"],
    ["/usr/bin/git", "-C", "work", "push", "origin"],
    ["env", "A=1", "git", "push"],
    ["sh", "-c", "npm test && git --no-pager push origin main; echo done"],
  ])
    expect(pushes(argv), argv.join(" ")).toBe(true);
  for (const argv of [
    ["git", "status"],
    ["git", "commit", "-m", "we push it"],
    ["sh", "-c", "git fetch; ./push"],
    ["widgit", "push"],
  ])
    expect(pushes(argv), argv.join(" ")).toBe(false);
});
