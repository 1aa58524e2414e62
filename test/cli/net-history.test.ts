/** net history and net rollback, and what is refused before anything is sent. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { JsonObject } from "../../src/contract/json.ts";
import { Stage } from "./stage.ts";

let stage: Stage;
const HASHES = ["a".repeat(64), "ab".repeat(32), "c".repeat(64)];
const versions = [
  { net: "n", places: { a: { open: true } }, transitions: {} },
  { net: "n", places: { a: { open: true } }, transitions: { t: { kind: "pass", in: [{ place: "a" }], out: [] } } },
  {
    net: "n",
    places: { a: {}, b: {} },
    transitions: { t: { kind: "pass", in: [{ place: "a" }], out: [{ to: "b" }] }, u: { kind: "pass" } },
  },
];

beforeEach(async () => {
  stage = new Stage();
  stage.running();
  await stage.serves("n", { definition: { definition: versions[2] as unknown as JsonObject, hash: HASHES[2] ?? "" } });
  for (const [at, hash] of HASHES.entries()) await stage.master.netVersions.put("n", hash, versions[at] as unknown as JsonObject);
  await stage.logs("n", [
    { type: "edited", category: "net", netVersion: HASHES[1] ?? "", attributes: { by: "ada" }, summary: "ada started the net n." },
    {},
    { type: "edited", category: "net", netVersion: HASHES[2] ?? "", attributes: { by: "bob" }, summary: "bob changed it." },
  ]);
});
afterEach(() => stage.remove());

test("history tells each version, who applied it, and which one runs", async () => {
  const { json } = await stage.run("net", "history", "n", "--json");
  const told = (json as { versions: { hash: string; seq: number; by: string; running: boolean }[] }).versions;
  expect(told.slice(-2).map(({ hash, seq, by, running }) => [hash, seq, by, running])).toEqual([
    [HASHES[1], 1, "ada", false],
    [HASHES[2], 3, "bob", true],
  ]);
  expect((await stage.run("net", "history", "n")).out).toMatch(/cccccccccccc +3 .*bob +runs now; bob changed it\./);
});

test("rollback applies the older version on the base of what runs, with what came since silenced", async () => {
  await stage.serves(null, { "apply-net": () => ({ hash: "new", changed: true }) });
  const { out, code } = await stage.run("net", "rollback", "n", "--to", "abab");
  expect(code).toBe(0);
  expect(out).toContain("places that came since then stay: b");
  expect(out).toContain("transitions that came since then never fire: u");
  const body = stage.requests.at(-1)?.body as JsonObject;
  expect(body).toMatchObject({
    base: HASHES[2],
    definition: { transitions: { t: { out: [] }, u: { guard: "false" } }, places: { b: {} } },
  });
});

test("a dry run sends nothing; a version that is none, or could be several, is refused", async () => {
  const dry = await stage.run("net", "rollback", "n", "--to", "abab", "--dry-run", "--json");
  expect(dry.json).toMatchObject({ to: HASHES[1], silenced: ["u"], kept: ["b"] });
  expect(stage.requests.map(({ verb }) => verb)).toEqual(["definition"]);
  expect((await stage.run("net", "rollback", "n")).code).toBe(2);
  expect((await stage.run("net", "rollback", "n", "--to", "xyz!")).code).toBe(2);
  expect((await stage.run("net", "rollback", "n", "--to", "dddd")).err).toContain("n has no version dddd");
});

test("put refuses what would not arrive as it was written, with its place", async () => {
  for (const [text, said] of [
    ['{"a": 1e999}', "the argument, line 1, column 7: the number 1e999"],
    ['{"a": 1, "a": 2}', 'the argument, line 1, column 10: the key "a" stands twice'],
    ['{"id": 12345678901234567890}', "column 8: the number 12345678901234567890 lies beyond 2^53"],
  ]) {
    const { code, err } = await stage.run("put", "n", "a", text ?? "");
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining(said ?? "") });
  }
});

test("an error of ArcQL is bad input, and a short unknown word is not taken for another one", async () => {
  const { code, err } = await stage.run("query", "n", "FROM a WHERE foo(1)");
  expect(code).toBe(2);
  expect(err).not.toContain("did you mean");
});

test("watch says when it waits for what has not come yet", async () => {
  const ended = stage.run("watch", "n", "--since", "70");
  await expect.poll(() => stage.written.stderr.join("")).toContain("n has come to event 3; what follows event 70 is shown when it comes");
  stage.interrupt.abort();
  await ended;
});
