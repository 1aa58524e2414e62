/** Verbs that change something: put, gate, token, pause, resume, kill. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Delivery, PutAnswer } from "../../src/contract/broker.ts";
import { Refused } from "../../src/contract/errors.ts";
import type { JsonObject } from "../../src/contract/json.ts";
import { Stage } from "./stage.ts";

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
  stage.running();
});
afterEach(() => stage.remove());

const by = { user: "ada", roles: ["maintainer"] };

describe("put", () => {
  let deliveries: Delivery[];
  beforeEach(async () => {
    deliveries = [];
    await stage.master.door.servePut("hello", async (delivery): Promise<PutAnswer> => {
      deliveries.push(delivery);
      if (delivery.place === "closed") {
        return {
          ok: false,
          error: { outlook: "refused", code: "place-full", message: "closed holds 100 of 100 tokens", hint: "wait, or raise its capacity" },
        };
      }
      return { ok: true, id: "t1", seq: 4, place: delivery.place };
    });
  });
  const payloads = () => deliveries.map((delivery) => JSON.parse(new TextDecoder().decode(delivery.payload)) as unknown);

  test("takes data from the argument, a file and standard input", async () => {
    expect((await stage.run("put", "hello", "inbox", '{"name":"Ada"}')).out).toBe("put token t1 into hello/inbox (event 4)\n");
    stage.file("request.json", '{"name":"Grace"}');
    expect((await stage.run("put", "hello", "inbox", "--file", "request.json")).code).toBe(0);
    stage.stdin = '{"name":"Edsger"}\n';
    expect((await stage.run("put", "hello", "inbox", "-", "--json")).json).toEqual({
      ok: true,
      id: "t1",
      seq: 4,
      place: "inbox",
      net: "hello",
    });
    expect(payloads()).toEqual([{ name: "Ada" }, { name: "Grace" }, { name: "Edsger" }]);
  });

  test("names its idempotency id", async () => {
    await stage.run("put", "hello", "inbox", "{}", "--token", "request-17");
    expect(deliveries[0]?.put).toBe("request-17");
  });

  test("shows why it was refused, and what to do", async () => {
    const ended = await stage.run("put", "hello", "closed", "{}");
    expect(ended).toMatchObject({ code: 1, out: "" });
    expect(ended.err).toBe("petrel: closed holds 100 of 100 tokens\n  next:  wait, or raise its capacity\n");
  });

  test("names a file that is not there", async () => {
    expect((await stage.run("put", "hello", "inbox", "--file", "no.json")).err).toMatch(/no\.json does not exist\n {2}where: no\.json/);
  });
});

describe("gate", () => {
  const waiting = (firing: string, gate = "release") => ({
    gate,
    firing,
    transition: "deliver",
    summary: `Deliver story ${firing}`,
    since: "2026-03-01T11:00:00.000Z",
    approvers: ["role:maintainer"],
    quorum: 2,
    approvals: 1,
  });

  test("ls shows what waits, over all nets or one", async () => {
    await stage.serves(null, { nets: [{ net: "hello", state: "running", version: "a" }] });
    await stage.serves("hello", { gates: [waiting("f1")] });
    expect((await stage.run("gate", "ls")).out).toMatch(/hello +release +f1 +1 h +1 of 2 +role:maintainer +Deliver story f1/);
    await stage.serves("hello", { gates: [] });
    expect((await stage.run("gate", "ls", "hello")).out).toBe("nothing waits for a decision\n");
  });

  test("approve and reject decide one firing, by gate or by firing", async () => {
    await stage.serves("hello", { gates: [waiting("f1"), waiting("f2", "budget")], decide: { passed: true } });
    expect((await stage.run("gate", "approve", "hello", "release", "--comment", "fine")).out).toBe(
      "approved release of hello (firing f1)\n",
    );
    expect((await stage.run("gate", "reject", "hello", "f2", "--role", "owner", "auditor")).out).toBe(
      "rejected budget of hello (firing f2)\n",
    );
    expect(stage.requests.filter((request) => request.verb === "decide").map((request) => request.body)).toEqual([
      { firing: "f1", decision: "approve", by, id: "id-1", comment: "fine" },
      { firing: "f2", decision: "reject", by: { user: "ada", roles: ["owner", "auditor"] }, id: "id-1" },
    ]);
  });

  test("approve changes what waits first: a field of one token, of several, or all of it from a file", async () => {
    const token = (input: string, id: string, data: JsonObject) => ({ input, place: "held", id, data });
    const one = { ...waiting("f1"), tokens: [token("story", "t1", { title: "Old", tags: ["a"], who: { name: "ada" } })] };
    const two = {
      ...waiting("f2", "budget"),
      tokens: [token("story", "t1", { n: 1 }), token("done", "t2", { n: 2 }), token("done", "t3", {})],
    };
    await stage.serves("hello", { gates: [one, two], decide: { passed: true } });
    const said = await stage.run("gate", "approve", "hello", "release", "--set", 'title="New"', "story.tags.1=2", "who.since.year=2026");
    expect(said.out).toBe("changed and approved release of hello (firing f1)\n");
    await stage.run("gate", "approve", "hello", "budget", "--set", "story.n=5", 'done.1.n={"deep":true}');
    stage.file("new.json", '{"title":"Whole"}');
    await stage.run("gate", "approve", "hello", "release", "--edit", "new.json");
    stage.stdin = '{"t2":{"n":3},"t3":{"n":4}}';
    await stage.run("gate", "approve", "hello", "budget", "--edit", "-");
    const bodies = stage.requests.filter(({ verb }) => verb === "decide").map(({ body }) => (body as { edits: unknown }).edits);
    expect(bodies).toEqual([
      { t1: { title: "New", tags: ["a", 2], who: { name: "ada", since: { year: 2026 } } } },
      { t1: { n: 5 }, t3: { n: { deep: true } } },
      { t1: { title: "Whole" } },
      { t2: { n: 3 }, t3: { n: 4 } },
    ]);
  });

  test("a change that cannot be meant is refused before anything is decided, with what to write", async () => {
    const token = (input: string, id: string, data: JsonObject) => ({ input, place: "held", id, data });
    const two = { ...waiting("f1"), tokens: [token("story", "t1", { n: 1 }), token("done", "t2", { n: 2 })] };
    await stage.serves("hello", { gates: [two, waiting("f2", "bare")], decide: { passed: true } });
    const tried = async (gate: string, ...flags: string[]) => (await stage.run("gate", "approve", "hello", gate, ...flags)).err;
    expect(await tried("release", "--set", "n=5")).toMatch(/does not say which of 2 tokens.*\n.*story\.field, done\.field/);
    expect(await tried("release", "--set", "story.n=five")).toMatch(/story\.n is no JSON: five\n.*quotes/);
    expect(await tried("release", "--set", "story.n.deep=5")).toMatch(/"deep" lies in 1, which has no fields/);
    expect(await tried("release", "--set", "story")).toMatch(/takes path=json/);
    expect(await tried("bare", "--set", "n=5")).toMatch(/nothing that waits at bare can be changed/);
    stage.file("new.json", '{"n":9}');
    expect(await tried("release", "--edit", "new.json")).toMatch(/2 tokens wait.*\n.*"t1": \{\.\.\.the data of story\}/);
    expect(stage.requests.filter(({ verb }) => verb === "decide")).toEqual([]);
  });

  test("asks which when several wait at one gate, and says when nothing does", async () => {
    await stage.serves("hello", { gates: [waiting("f1"), waiting("f2")] });
    const several = await stage.run("gate", "approve", "hello", "release");
    expect(several.code).toBe(1);
    expect(several.err).toMatch(/2 firings wait at release:\n {2}f1 .*\n {2}f2 .*\n {2}next: {2}name the firing/);
    expect((await stage.run("gate", "approve", "hello", "relase")).err).toMatch(/nothing waits at "relase" in hello; waiting: release/);
  });

  test("a refusal of the master is passed on", async () => {
    const refused = new Refused({
      code: "own-work",
      message: "ada put the work in and may not approve it",
      hint: "ask another maintainer",
    });
    await stage.serves("hello", { gates: [waiting("f1")], decide: refused });
    const ended = await stage.run("gate", "approve", "hello", "release", "--json");
    expect(ended.code).toBe(1);
    expect(ended.json).toMatchObject({ ok: false, error: { outlook: "refused", code: "own-work", hint: "ask another maintainer" } });
  });
});

test("token move and close send what is to be done and who does it", async () => {
  await stage.serves("hello", { move: null, close: null });
  await stage.run("token", "move", "hello", "escalations", "t1", "--to", "tasks", "--data", '{"attempt":0}', "--reason", "smaller");
  await stage.run("token", "close", "hello", "escalations", "t1");
  expect(stage.requests.map(({ verb, body }) => ({ verb, body }))).toEqual([
    { verb: "move", body: { place: "escalations", id: "t1", by, reason: "smaller", to: "tasks", data: { attempt: 0 } } },
    { verb: "close", body: { place: "escalations", id: "t1", by } },
  ]);
});

describe("pause, resume, kill", () => {
  beforeEach(async () => {
    await stage.serves("hello", { pause: null, resume: null });
    await stage.serves(null, { kill: { summary: "Stopped 2 firings and 3 processes." }, resume: { lifted: false } });
  });

  test("reach the net, or all of it", async () => {
    expect((await stage.run("pause", "hello")).out).toContain("petrel resume hello");
    expect((await stage.run("resume", "hello")).code).toBe(0);
    expect((await stage.run("resume")).out).toBe("everything goes on\n");
    expect((await stage.run("kill", "--yes")).out).toBe("Stopped 2 firings and 3 processes.\npetrel resume goes on with what ran\n");
    expect(stage.requests).toEqual([
      { net: "hello", verb: "pause", body: { by } },
      { net: null, verb: "resume", body: { by, target: "hello" } },
      { net: "hello", verb: "resume", body: { by } },
      { net: null, verb: "resume", body: { by } },
      { net: null, verb: "kill", body: { by } },
    ]);
  });

  test("a name does not go on while everything is stopped, and that is said", async () => {
    await stage.serves(null, { resume: { lifted: false, state: "killed" } });
    const resumed = await stage.run("resume", "hello");
    expect(resumed.code).toBe(1);
    expect(resumed.out).toMatch(/^hello is still stopped, since everything is: .*petrel.* resume all goes on\n$/);
  });

  test("a kill that not every executor has answered is told as that, with a code of its own", async () => {
    const unanswered = [{ executor: "local", commands: 2, firings: ["f1", "f2"], silent: true }];
    await stage.serves(null, { kill: { summary: "stopped hello: r (f1), r (f2)\nlocal does not answer", unanswered } });
    const told = await stage.run("kill", "--yes");
    expect([told.code, told.out]).toEqual([1, expect.stringContaining("local does not answer")]);
    const json = await stage.run("kill", "--yes", "--json");
    expect([json.code, json.json]).toMatchObject([1, { killed: true, answer: { unanswered } }]);
  });

  test("kill asks on a terminal, and no is no", async () => {
    stage.answer = false;
    expect(await stage.run("kill")).toMatchObject({ code: 5, out: "" });
    expect(stage.requests).toEqual([]);
    stage.answer = true;
    expect((await stage.run("kill", "--json")).json).toMatchObject({ killed: true });
  });
});
