/** E2: a log that somebody deletes is an alarm, at once in `doctor` and again after a restart, and never a new net. */
import { jetstreamManager } from "@nats-io/jetstream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtCli, Desk } from "../support/petrel-process.ts";
import { waitUntil } from "../support/wait-until.ts";
import { connectAs } from "./nats-user.ts";
import { up } from "./team.ts";

interface Report {
  ok: boolean;
  findings: { check: string; status: string; says: string; hint?: string }[];
}

const desk = new Desk("lost-log", "a folder with blanks");
beforeAll(builtCli);
afterAll(() => desk.clear());

const doctor = () => desk.json<Report>(["doctor"], 1);

test("doctor names the deleted log and a way on; so does the next write, and the next start", { timeout: 300_000 }, async () => {
  await desk.json(["init", "."]);
  let system = await up(desk);
  await desk.json(["net", "apply", "nets/hello.json"]);
  await desk.json(["put", "hello", "inbox", '{"name":"Ada"}']);
  await desk.json(["nats-context", "--admin"]);
  expect(await desk.json(["doctor"])).toMatchObject({ ok: true });

  const user = await connectAs(desk, "petrel-admin");
  const manager = await jetstreamManager(user, { timeout: 60_000 });
  expect(await manager.streams.delete("LOG_hello")).toBe(true);
  const seen = (await doctor()).findings.find(({ check, status }) => check === "log" && status === "fail");
  expect(seen?.says).toMatch(/the log of net hello is gone: the stream LOG_hello was deleted from the broker, with \d+ entries in it/);
  expect(seen?.hint).toMatch(/restore the stream LOG_hello from a backup .* or .* begin anew/);

  const put = await desk.json<{ error: { message: string; hint: string } }>(["put", "hello", "inbox", '{"name":"Eve"}'], 1);
  // An owner that stood still for longer than its lease is none any more, and no other can be.
  expect(put.error.message).toMatch(/LOG_hello was deleted|there is no stream LOG_hello/);
  expect(put.error.hint).not.toContain("net apply");

  await system.stop("SIGKILL");
  system = await up(desk);
  await waitUntil("the new term has looked", async () => (await doctor()).findings.some(({ says }) => says.includes("was lost")), 90_000);
  const after = (await doctor()).findings.find(({ says }) => says.includes("was lost"));
  expect(after?.says).toContain("there is no stream LOG_hello");
  expect(after?.hint).toContain("from a backup");
  // Whoever starts it need not ask.
  await waitUntil("up has said so", () => system.stderr.includes("the net hello cannot be opened: the log of hello was lost"), 90_000);
  expect(system.stderr).toContain("restore the stream LOG_hello from a backup");
  // Nothing stands where the backup will be restored to.
  const left: string[] = [];
  for await (const name of manager.streams.names()) left.push(String(name));
  expect(left).not.toContain("LOG_hello");
  await user.close();
  expect((await system.stop()).code).toBe(0);
});
