/** Bundles and results of any size: by way of the masters' artefact service, in pieces. */
import { randomBytes } from "node:crypto";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import { secretFilter } from "../../src/contract/secret-forms.ts";
import type { ArtifactRef } from "../../src/contract/token.ts";
import { fitValue } from "../../src/executors/fit-value.ts";
import type { HandDefinition } from "../../src/executors/hand.ts";
import { type GitRepo, makeGitRepo } from "../support/git-repo.ts";
import { until } from "../support/wait-until.ts";
import { DEVELOPER, type ExecutorBench, goodValue, startBench } from "./bench.ts";

const chatty: HandDefinition = {
  ...{ name: "chatty.say", about: "Says much", input: { type: "object" }, output: { type: "object" }, flag: null },
  ...{ mode: "run", enclosed: false },
  run: async ({ order }) => ({ short: "here", long: "so much ".repeat(Number(order.input.times)), list: [1, 2, 3] }),
};
let bench: ExecutorBench;
let repo: GitRepo;
beforeEach(async () => {
  repo = makeGitRepo({ "package.json": JSON.stringify({ name: "x", scripts: { test: "echo '# pass 1'" } }), "a.txt": "a\n" });
  bench = await startBench({ hands: [chatty] });
});
afterEach(async () => {
  await bench?.end();
  repo?.remove();
});

/** A session that commits a file of random bytes, which nothing makes smaller. */
async function largeWork(bytes: number): Promise<JsonObject> {
  const input = { repo: repo.origin, base: "main", branch: "task/large", seed: "2026-03-01T10:00:00Z" };
  const order = bench.order("code.session", input, { persona: DEVELOPER });
  bench.owner.offer(order);
  await until("the session", async () => (await bench.owner.callOnce(order, "git.status", {}, "probe")).state === "done");
  writeFileSync(join(bench.dir, "work", `team.${order.firing}.1`, "tree", "large.bin"), randomBytes(bytes));
  const done = async (tool: string, call: Json) => {
    const answer = await bench.owner.call(order, tool, call);
    if (answer.state !== "done") throw new Error(JSON.stringify(answer));
    return answer.output as JsonObject;
  };
  await done("git.commit", { message: "Add large bytes" });
  return await done("session.close", {});
}

test("a change of a megabyte goes from one executor to another that has never seen it", async () => {
  const work = await largeWork(1_000_000);
  expect(work.bundle).toMatchObject({ $artifact: expect.any(String), type: "application/x-git-bundle", name: "task-large.bundle" });
  expect((work.bundle as JsonObject).size).toBeGreaterThan(1_000_000);
  const verify = { repo: repo.origin, base: "main", branch: "task/large", head: work.head as Json, bundle: work.bundle as Json };

  const elsewhere = await startBench();
  try {
    elsewhere.owner.artifacts.get = (id) => bench.owner.artifacts.get(id);
    elsewhere.owner.lends = false;
    expect((await elsewhere.run("code.verify", verify)).outcome).toMatchObject({ ok: false, error: { code: "artifact-not-yours" } });
    elsewhere.owner.lends = true;
    expect(goodValue(await elsewhere.run("code.verify", verify))).toMatchObject({ ok: true, files: [{ path: "large.bin" }] });
    await until("the work folder to go", () => readdirSync(join(elsewhere.dir, "work")).length === 0);
  } finally {
    await elsewhere.end();
  }
});

test("what comes is what was named, or it is not taken", async () => {
  const work = await largeWork(200_000);
  rmSync(join(bench.dir, "mirrors"), { recursive: true });
  const { get } = bench.owner.artifacts;
  bench.owner.artifacts.get = async (id) => {
    const bytes = await get(id);
    bytes?.fill(0, 100_000, 100_001);
    bytes?.fill(1, 100_001, 100_002);
    return bytes;
  };
  const verify = { repo: repo.origin, base: "main", branch: "task/large", head: work.head as Json, bundle: work.bundle as Json };
  expect((await bench.run("code.verify", verify)).outcome).toMatchObject({ ok: false, error: { code: "artifact-damaged" } });
});

test("of a result that is too large for a message the large field is an artefact, and the others stand as they are", async () => {
  const small = goodValue(await bench.run("chatty.say", { times: 10 }));
  expect(small.long).toBe("so much ".repeat(10));
  const large = goodValue(await bench.run("chatty.say", { times: 300_000 }));
  expect(large).toMatchObject({ short: "here", list: [1, 2, 3], long: { size: 2_400_000, type: "text/plain; charset=utf-8" } });
  const stored = await bench.owner.artifacts.get((large.long as JsonObject).$artifact as string);
  expect(Buffer.from(stored ?? []).toString()).toBe("so much ".repeat(300_000));
});

test("what is laid down has no secret of the work, and the reference says what lies there", async () => {
  const laid: { bytes: string; ref: ArtifactRef }[] = [];
  const filter = secretFilter(new Map([["KEY", "hush-hush-hush"]]));
  const value = { log: `${"line\n".repeat(1000)}hush-hush-hush`, n: 1 };
  const fitted = await fitValue(
    value,
    filter,
    async (bytes, type) => {
      const ref = { $artifact: "x", sha256: "x", size: bytes.length, type };
      laid.push({ bytes: Buffer.from(bytes).toString(), ref });
      return ref;
    },
    2000,
  );
  expect(laid).toHaveLength(1);
  expect(laid[0]?.bytes).not.toContain("hush-hush-hush");
  expect((fitted as JsonObject).log).toMatchObject({ size: laid[0]?.bytes.length });
  expect(fitted).toMatchObject({ n: 1 });
});
