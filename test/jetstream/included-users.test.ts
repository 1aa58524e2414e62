/** Servers that somebody else runs: their configuration includes the users of a state folder. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { connectBroker, connectExecutorLine } from "../../src/jetstream/connect.ts";
import { writeUsers } from "../../src/jetstream/server/config.ts";
import { makeCredentials } from "../../src/jetstream/server/credentials.ts";
import { addExecutorUser, removeExecutorUser } from "../../src/jetstream/server/executor-user.ts";
import { serverBinary, testFolder, testIds, wallClock } from "../support/nats-server.ts";
import { waitUntil } from "../support/wait-until.ts";

let child: ChildProcess | null = null;
const dir = testFolder("included");
afterEach(async () => {
  if (child) {
    const gone = new Promise((done) => child?.once("exit", done));
    child.kill("SIGTERM");
    await gone;
  }
  rmSync(dir, { recursive: true, force: true });
});

async function theirServer(): Promise<string> {
  const own = join(dir, "theirs");
  mkdirSync(own);
  const conf = `listen: "127.0.0.1:-1"\nports_file_dir: ${JSON.stringify(own)}\njetstream { store_dir: ${JSON.stringify(join(own, "store"))} }\n`;
  writeFileSync(join(own, "server.conf"), `${conf}include "../users.conf"\n`);
  const server = spawn(await serverBinary(), ["-c", join(own, "server.conf")], { cwd: own, stdio: "ignore" });
  child = server;
  const ports = () => JSON.parse(readFileSync(join(own, `nats-server_${server.pid}.ports`), "utf8")) as { nats: string[] };
  await waitUntil("the server says where it listens", () => {
    try {
      return ports().nats.length > 0;
    } catch {
      return false;
    }
  });
  return ports().nats[0] ?? "";
}

test("masters log in, an executor enrolled later too, and one revoked is cut off", async () => {
  const users = await makeCredentials(dir);
  await writeUsers(dir, users);
  const servers = await theirServer();
  const broker = await connectBroker({ url: servers, ...users.master, clock: wallClock, ids: testIds(), name: "m", connectMs: 20_000 });
  await broker.declareNet("n");
  const user = await addExecutorUser(dir, "later", { clock: wallClock, servers });
  const line = await connectExecutorLine({ url: servers, ...user, name: "later", clock: wallClock });
  await broker.work.serveClaims("n", async () => ({ ok: false, code: "unknown", message: "heard" }));
  expect(await line.claim("n", "f", 1, { verb: "claim", executor: "later" })).toMatchObject({ message: "heard" });
  await line.serveTools("later", async () => ({ state: "done", output: 7 }));
  const request = { net: "n", firing: "f", attempt: 1, call: "c", tool: "t", input: null };
  expect(await broker.work.callTool("later", request, AbortSignal.timeout(60_000))).toEqual({ state: "done", output: 7 });
  await removeExecutorUser(dir, "later", { clock: wallClock, servers });
  await waitUntil("it is cut off", () => !line.connected());
  await line.close();
  await broker.close();
});
