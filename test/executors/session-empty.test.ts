/** A workspace without a repository: a folder that begins empty, for this work alone, whose files are the work. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ToolCallAnswer, WorkOrder } from "../../src/contract/envelope.ts";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import { until } from "../support/wait-until.ts";
import { type ExecutorBench, startBench } from "./bench.ts";

let bench: ExecutorBench;
beforeAll(async () => {
  bench = await startBench({ slots: 4 });
});
afterAll(async () => {
  await bench?.end();
});

async function open(input: JsonObject = {}, flags = "rwx--"): Promise<WorkOrder> {
  const tools = ["fs.read", "fs.write", "fs.list", "fs.search", "git.status", "git.branch", "git.commit", "git.push", "command.run"];
  const order = bench.order("code.session", input, { persona: { name: "writer", flags, tools }, release: true });
  bench.owner.offer(order);
  await until("the session", async () => (await bench.owner.callOnce(order, "git.status", {}, "probe")).state !== "running");
  return order;
}
async function ok(order: WorkOrder, tool: string, input: Json = {}): Promise<JsonObject> {
  const answer = await bench.owner.call(order, tool, input);
  if (answer.state !== "done") throw new Error(`${tool}: ${JSON.stringify(answer)}`);
  return answer.output as JsonObject;
}
const code = (answer: ToolCallAnswer) => (answer.state === "failed" ? answer.error.code : answer.state);

test("begins empty, takes files and commands, and what is left in it is the work", async () => {
  const order = await open();
  expect(await ok(order, "fs.list")).toMatchObject({ entries: [] });
  await ok(order, "fs.write", { path: "report.md", text: "# Report\n" });
  expect(await ok(order, "command.run", { argv: ["node", "-e", "require('fs').writeFileSync('n.txt', '42')"] })).toMatchObject({
    exitCode: 0,
  });
  expect(await ok(order, "fs.search", { text: "Report" })).toMatchObject({ matches: [{ path: "report.md" }] });
  const work = await ok(order, "session.close");
  expect(work).toMatchObject({ branch: "work", uncommitted: 0, commits: [{ subject: "What was left in the folder" }] });
  expect((work.files as JsonObject[]).map(({ path }) => path)).toEqual(["n.txt", "report.md"]);
  expect(String(work.diff)).toContain("+# Report");
});

test("sees nothing of another's, and has nowhere to push to", async () => {
  const one = await open();
  await ok(one, "fs.write", { path: "private.txt", text: "mine" });
  await ok(one, "git.commit", { message: "Mine" });
  const other = await open();
  expect(await ok(other, "fs.list")).toMatchObject({ entries: [] });
  expect((await ok(other, "git.branch")).branches).toEqual([]);
  expect(code(await bench.owner.call(one, "git.push", {}))).toBe("push-rejected");
  for (const order of [one, other]) await ok(order, "session.close");
});

test("goes on from the work of an earlier one, on any executor, by its bundle", async () => {
  const first = await open();
  await ok(first, "fs.write", { path: "draft.md", text: "one\n" });
  const { head, base, bundle } = await ok(first, "session.close");
  const second = await open({ from: head ?? null, bundle: bundle ?? null });
  expect(await ok(second, "fs.read", { path: "draft.md" })).toMatchObject({ text: "one\n" });
  await ok(second, "fs.write", { path: "draft.md", text: "two\n" });
  expect(await ok(second, "session.close")).toMatchObject({ base, start: head, commits: [{}, {}] });
});
