import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtCli, Desk } from "../support/petrel-process.ts";
import { reflog } from "./git-proof.ts";
import { produced } from "./story-log.ts";

const WAITS = /In another terminal, in this folder: (.*gate approve .*)\n/;

describe("petrel demo --gate", () => {
  const desks = { approved: new Desk("gate", "a folder with blanks"), rejected: new Desk("reject") };
  beforeAll(builtCli);
  afterAll(() => Promise.all(Object.values(desks).map((desk) => desk.clear())));

  test.concurrent("waits, goes on when the printed command is pasted, and the gate came into the running net", {
    timeout: 360_000,
  }, async () => {
    const desk = desks.approved;
    const demo = desk.start(["demo", "--gate", "--speed", "full", "--keep"]);
    const [, command = ""] = await demo.says(WAITS, 200_000);
    const dir = ".petrel/demo";
    const waiting = await desk.json<{ gate: string; transition: string }[]>(["gate", "ls", "--dir", dir]);
    expect(waiting).toMatchObject([{ gate: "release", transition: "deliver", quorum: 1, approvals: 0 }]);
    expect(reflog(desk.path(dir, "origin.git"), "main")).toHaveLength(1);

    const pasted = await desk.paste(command);
    expect(pasted.code, pasted.stderr).toBe(0);
    await demo.says(/Ctrl-C ends it\.\n/, 120_000);

    const events = await desk.events("safe-teams", dir);
    const edits = events.filter(({ type, netVersion }) => type === "edited" && netVersion);
    expect(edits).toHaveLength(2);
    // Live: the story was in the net before the edit, and delivered after it.
    const request = produced(events, "inbox")[0]?.event.seq ?? Number.POSITIVE_INFINITY;
    expect(request).toBeLessThan(edits[1]?.seq ?? 0);
    const order = ["gated", "decided", "started", "fired"].map(
      (type) => events.find((event) => event.type === type && event.transition === "deliver")?.seq ?? 0,
    );
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order[0]).toBeGreaterThan(edits[1]?.seq ?? 0);
    expect(new Set(events.filter(({ transition }) => transition === "deliver").map(({ firing }) => firing)).size).toBe(1);

    // What was decided is over: the same command finds nothing that waits.
    const twice = await desk.paste(command);
    expect(twice.code).toBe(1);
    expect(twice.stderr).toMatch(/nothing waits at "release"[\s\S]*next:/);
    expect((await demo.stop()).code).toBe(0);
    expect(reflog(desk.path(dir, "origin.git"), "main")).toHaveLength(2);
  });

  test.concurrent("a rejection escalates the story, pushes nothing and ends with 3", { timeout: 360_000 }, async () => {
    const desk = desks.rejected;
    const demo = desk.start(["demo", "--gate", "--json"]);
    // With --json the words go to stderr: stdout stays one document.
    const [, command = ""] = await demo.says(WAITS, 200_000);
    const reject = `${command.replace("gate approve", "gate reject")} --comment 'not before Monday' --json`;
    const pasted = await desk.paste(reject);
    expect(pasted.code, pasted.stderr).toBe(0);
    expect(JSON.parse(pasted.stdout)).toMatchObject({ gate: "release", decision: "reject" });
    const ended = await demo.ended;
    expect(ended.code).toBe(3);
    expect(JSON.parse(ended.stdout)).toMatchObject({ ok: false, outcome: "escalated", pushes: 0, commits: [] });
    expect(reflog(desk.path(".petrel", "demo", "origin.git"), "main")).toHaveLength(1);
  });
});
