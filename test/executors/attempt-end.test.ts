/** The end of an attempt: its result is told while its folder goes (A3, A5). */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { Shelf } from "../../src/executors/result-shelf.ts";
import { WorkFolder } from "../../src/executors/work-folder.ts";
import { until } from "../support/wait-until.ts";
import { type ExecutorBench, goodValue, startBench } from "./bench.ts";
import { YES } from "./memory-owner.ts";

let bench: ExecutorBench;
afterEach(async () => {
  vi.restoreAllMocks();
  await bench?.end();
});

test("a result waits neither for its folder to go nor for room that its folder had", async () => {
  bench = await startBench();
  const folder = join(bench.dir, "work", "team.f1.1");
  let refused = 0;
  // The disk is full as long as the folder is there.
  const put = Shelf.prototype.put;
  vi.spyOn(Shelf.prototype, "put").mockImplementation(function (this: Shelf<never>, item: object) {
    if ("outcome" in item && existsSync(folder)) {
      refused += 1;
      throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
    }
    put.call(this, item as never);
  });
  const result = await bench.run("shell.run", { argv: ["sh", "-c", "head -c 100000 /dev/zero > file; echo done"] });
  expect(goodValue(result)).toMatchObject({ stdout: "done\n" });
  expect(refused).toBe(1);
  await until("the attempt to be over", () => bench.executor().busy() === 0);
  expect(readdirSync(join(bench.dir, "work"))).toEqual([]);
  // It was its own folder's room: nothing is said of a full disk.
  await until("a heartbeat after it", () => bench.owner.beats.length > 1);
  expect(bench.owner.beats.filter(({ full }) => full !== undefined)).toEqual([]);
});

test("killed between its result and the end of its folder, an executor clears up and does nothing twice", async () => {
  bench = await startBench();
  const { owner, dir } = bench;
  const order = bench.order("shell.run", { argv: ["true"] });
  await bench.executor().stop();
  // What SIGKILL leaves there: the result is in the log and off the shelf, the folder half gone, the claim still noted.
  mkdirSync(join(dir, "work", "team.f1.1", "home"), { recursive: true });
  writeFileSync(join(dir, "work", "team.f1.1", "home", "file"), "left");
  writeFileSync(join(dir, "claims", "team.f1.1.json"), JSON.stringify({ net: "team", firing: "f1", attempt: 1 }));
  owner.onClaim = ({ verb }) => (verb === "release" ? { ok: false, code: "not-open", message: "this attempt is over" } : YES);
  await bench.restart();
  expect(existsSync(join(dir, "work"))).toBe(false);
  owner.offer(order);
  await bench.run("shell.run", { argv: ["true"] }, { firing: "f2" });
  await until("the release", () => owner.verbs("f1").length > 0);
  expect(owner.verbs("f1")).toEqual(["release"]);
  expect(owner.resultOf(order)).toBeFalsy();
  await until("nothing to be noted any more", () => readdirSync(join(dir, "claims")).length === 0);
});

test("what was called off is named no more once its processes are over, though its large folder is still being removed", async () => {
  bench = await startBench();
  const { owner } = bench;
  let letGo = () => {};
  vi.spyOn(WorkFolder.prototype, "clear").mockReturnValue(
    new Promise((resolve) => {
      letGo = resolve;
    }),
  );
  owner.offer(bench.order("shell.run", { argv: ["sleep", "600"] }));
  await until("it is claimed", () => owner.verbs("f1").includes("claim"));
  owner.cancel({ net: "team", firing: "f1", attempt: 1 });
  const last = () => owner.beats.at(-1);
  await until("a heartbeat that counts it and does not name it", () => last()?.busy === 1 && last()?.leases?.length === 0);
  letGo();
  await until("a heartbeat without it", () => last()?.busy === 0);
});
