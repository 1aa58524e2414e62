/** The 20 basic control-flow patterns, run: each net does what defines its pattern. */
import { readdirSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Json } from "../../src/contract/json.ts";
import { checkNetFile } from "../../src/net/check.ts";
import { decideTransition } from "../../src/net/decide.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

const folder = "examples/patterns";
const files = readdirSync(folder).sort();
const DAY = 24 * 3_600_000;

let kit: MasterKit;
let net: string;
const run: string[] = [];
beforeEach(async () => {
  kit = await masterKit();
});
afterEach(async () => kit.stop());

/** Applies the net of the pattern with this number. */
async function pattern(number: number): Promise<void> {
  const file = files.find((name) => name.startsWith(String(number).padStart(2, "0"))) ?? "";
  run.push(file);
  const { definition } = checkNetFile(readFileSync(`${folder}/${file}`, "utf8"), file);
  net = definition?.net ?? "";
  await kit.ask(null, "apply-net", { definition });
}
/** Puts tokens in; settles when the net has come to rest. */
async function put(place: string, ...tokens: Json[]): Promise<void> {
  for (const token of tokens) await kit.put(net, place, token);
  await atRest();
}
/** Nothing is enabled any more, and all of it is in the log. */
async function atRest(): Promise<void> {
  await waitUntil("the net is at rest", () => {
    const term = kit.master.terms.get(net);
    const definition = term?.net;
    if (!term || !definition || term.loop.backlog > 0) return false;
    const now = kit.clock.now();
    return [...definition.transitions.values()].every((one) => decideTransition(term.state, definition, one, now) === null);
  });
}
const data = (place: string): Json[] => [...(kit.stateOf(net).places.get(place)?.values() ?? [])].map(({ token }) => token.data);
const counts = (...places: string[]) => places.map((place) => data(place).length);
const steps = async (): Promise<string[]> => {
  const found: string[] = [];
  await kit.broker.log(net).read(0, (entry) => {
    for (const { type, transition } of entry.events) if (type === "fired") found.push(transition ?? "");
  });
  return found;
};

describe("basic control flow", () => {
  it("1 sequence: the second step follows the first", async () => {
    await pattern(1);
    await put("ordered", { id: 1 });
    expect([await steps(), data("sent")]).toEqual([["pack", "send"], [{ id: 1 }]]);
  });

  it("2 parallel split: every branch is done, once", async () => {
    await pattern(2);
    await put("ordered", { id: 1 });
    expect((await steps()).sort()).toEqual(["bill", "pack", "split"]);
    expect(counts("packed", "billed")).toEqual([1, 1]);
  });

  it("3 synchronization: waits for both, and for the same order's", async () => {
    await pattern(3);
    await put("packed", { order: 1 });
    await put("billed", { order: 2, number: "b2" });
    expect(counts("sent")).toEqual([0]);
    await put("billed", { order: 1, number: "b1" });
    expect(data("sent")).toEqual([{ order: 1, bill: "b1" }]);
    expect(counts("packed", "billed")).toEqual([0, 1]);
  });

  it("4 exclusive choice: one branch for each token", async () => {
    await pattern(4);
    await put("asked", { amount: 999 }, { amount: 1000 }, { amount: 5000 });
    expect([data("small"), data("large")]).toEqual([[{ amount: 999 }], [{ amount: 1000 }, { amount: 5000 }]]);
  });

  it("5 simple merge: whichever way it came, the next step follows", async () => {
    await pattern(5);
    await put("by-phone", "a");
    await put("by-mail", "b");
    expect([data("answered"), (await steps()).filter((step) => step === "answer")]).toEqual([
      ["a", "b"],
      ["answer", "answer"],
    ]);
  });
});

describe("branching and synchronization", () => {
  it("6 multi-choice: one, several or the one for none", async () => {
    await pattern(6);
    await put("reported", { theft: true }, { theft: true, injury: true }, {});
    expect(counts("police", "doctor", "nobody")).toEqual([2, 1, 1]);
  });

  it("7 synchronizing merge: waits for as many as were begun, case by case", async () => {
    await pattern(7);
    await put("reported", { id: 1, calls: ["police"] }, { id: 2, calls: ["police", "doctor"] });
    expect(data("closed")).toEqual([
      { id: 1, branches: 1 },
      { id: 2, branches: 2 },
    ]);
    expect((await steps()).filter((step) => step === "close")).toHaveLength(2);
    expect(counts("begun", "done")).toEqual([0, 0]);
  });

  it("8 multi-merge: what follows happens for each branch", async () => {
    await pattern(8);
    await put("changed", "page");
    expect([data("logged"), (await steps()).filter((step) => step === "log")]).toEqual([
      ["page", "page"],
      ["log", "log"],
    ]);
  });

  it("9 discriminator: the first leads on, the others do not, and it is ready for the next round", async () => {
    await pattern(9);
    const answer = (by: string, question = 1) => ({ question, by });
    await put("answer", answer("ada"));
    expect(data("first")).toEqual([answer("ada")]);
    await put("answer", answer("bob"), answer("eve", 2));
    expect(data("first")).toEqual([answer("ada"), answer("eve", 2)]);
    await put("answer", answer("cid"));
    expect([counts("first", "passed", "answer"), data("late")]).toEqual([[2, 1, 0], [1]]);
    await put("answer", answer("dan"));
    expect(data("first").at(-1)).toEqual(answer("dan"));
  });
});

describe("structure", () => {
  it("10 arbitrary cycles: in at two places, round as often as it takes, out at two", async () => {
    await pattern(10);
    await put("draft", { errors: 4 });
    expect([data("approved"), (await steps()).filter((step) => step === "write")]).toEqual([[{ errors: 0 }], ["write", "write", "write"]]);
    await put("review", { errors: 1 }, { errors: 7 });
    expect(counts("approved", "given-up")).toEqual([2, 1]);
  });

  it("11 implicit termination: over when nothing is left to do, without a last step", async () => {
    await pattern(11);
    await put("ordered", { id: 1 });
    expect(counts("ordered", "to-pack", "to-bill", "packed", "billed")).toEqual([0, 0, 0, 1, 1]);
    expect(kit.stateOf(net).firings.size).toBe(0);
  });
});

describe("multiple instances", () => {
  it("12 without synchronization: as many as there are elements", async () => {
    await pattern(12);
    await put("ordered", { books: ["a", "b", "c"] }, { books: [] });
    expect(data("shipped")).toEqual(["a", "b", "c"]);
  });

  it("13 known at design time: three for each case, and on when all three are there", async () => {
    await pattern(13);
    await put("asked", { id: 1 }, { id: 2 });
    expect([data("approved"), (await steps()).filter((step) => step === "approve").length]).toEqual([[{ id: 1 }, { id: 2 }], 6]);
  });

  it("14 known at run time: all that the data names are awaited", async () => {
    await pattern(14);
    await put("paper", { id: 1, reviewers: ["ada", "bob", "cid"] }, { id: 2, reviewers: ["eve"] });
    expect(data("decided").sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))).toEqual([
      { paper: 1, by: ["ada", "bob", "cid"] },
      { paper: 2, by: ["eve"] },
    ]);
  });

  it("15 not known before: more come while others run, and it closes when no more come and none is under way", async () => {
    await pattern(15);
    await put("accident", { id: 1 });
    await put("witness", { id: 1, name: "ada" });
    await put("statement", { name: "ada", text: "red" });
    await put("witness", { id: 1, name: "bob" });
    await put("no-more", { id: 1 });
    expect(counts("closed")).toEqual([0]);
    await put("statement", { name: "bob", text: "green" });
    expect(data("closed")).toEqual([["red", "green"]]);
  });
});

describe("state", () => {
  it("16 deferred choice: the first event takes the token, the other way is gone", async () => {
    await pattern(16);
    await put("order-sent", { order: 1 }, { order: 2 });
    await put("payment", { order: 1 });
    expect([data("paid"), data("reminded")]).toEqual([[{ order: 1 }], []]);
    kit.clock.jump(14 * DAY);
    await waitUntil("the reminder is out", () => data("reminded").length === 1);
    await put("payment", { order: 2 });
    expect([data("paid"), data("reminded"), data("payment")]).toEqual([[{ order: 1 }], [{ order: 2 }], [{ order: 2 }]]);
  });

  it("17 interleaved parallel routing: both steps, never two at a time, in either order", async () => {
    await pattern(17);
    await put("candidate", { name: "ada" });
    const busy = () => counts("weighing", "measuring").reduce((sum, each) => sum + each, 0);
    expect([busy(), ...counts("chair")]).toEqual([1, 0]);
    const [first, second] = data("weighing").length === 1 ? ["weighed", "measured"] : ["measured", "weighed"];
    await put(second, { name: "ada" });
    expect([busy(), ...counts("fit")]).toEqual([1, 0]);
    // The other one begins when the chair is free, and ends at once: its result lies there already.
    await put(first, { name: "ada" });
    expect([busy(), ...counts("chair", "fit")]).toEqual([0, 1, 1]);
    const done = await steps();
    const begins = done.flatMap((step, at) => (step.startsWith("begin") ? [at] : []));
    expect(done.slice(begins[0], begins[1]).some((step) => step.startsWith("end"))).toBe(true);
  });

  it("18 milestone: possible again and again until the state is left, and never after", async () => {
    await pattern(18);
    await put("ordered", { order: 1 });
    await put("change", { order: 1, to: "red" }, { order: 1, to: "blue" });
    await put("send-off", { order: 1 });
    await put("change", { order: 1, to: "green" });
    expect([counts("changed", "sent"), data("refused")]).toEqual([[2, 1], [{ order: 1, to: "green" }]]);
  });
});

describe("cancellation", () => {
  it("19 cancel activity: what waits is withdrawn, others stay", async () => {
    await pattern(19);
    await put("asked", { id: 1 }, { id: 2 });
    await put("withdraw", { id: 1 });
    await put("worker", "ada", "bob");
    expect([data("done"), counts("withdrawn", "worker")]).toEqual([[{ id: 2 }], [1, 1]]);
  });

  it("20 cancel case: all its tokens go, wherever they lie, and another case is done", async () => {
    await pattern(20);
    await put("applied", { id: 1 }, { id: 2 });
    await put("checker", "ada");
    expect(counts("to-check", "checked", "to-ask")).toEqual([1, 1, 2]);
    await put("cancel", { id: 1 });
    await put("checker", "bob");
    await put("asker", "eve");
    expect([data("granted"), counts("to-check", "checked", "to-ask", "asked")]).toEqual([[{ id: 2 }], [0, 0, 0, 0]]);
  });
});

it("there are twenty, each was run, and docs/patterns.md names each", () => {
  expect(files).toHaveLength(20);
  expect([...run].sort()).toEqual(files);
  const page = readFileSync("docs/patterns.md", "utf8");
  for (const file of files) expect(page).toContain(`(../examples/patterns/${file})`);
});
