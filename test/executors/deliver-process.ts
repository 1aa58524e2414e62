/** An executor as a process of its own, so that it can be killed: carries out `<dir>/order.json` and writes `<dir>/result.json`. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { silentLogger } from "../../src/contract/logger.ts";
import { startExecutor } from "../../src/executors/executor.ts";
import { until } from "../support/wait-until.ts";
import { ids, realClock } from "./bench.ts";
import { MemoryOwner } from "./memory-owner.ts";

const dir = process.argv[2] ?? "";
const owner = new MemoryOwner();
const order = JSON.parse(readFileSync(join(dir, "order.json"), "utf8"));
const executor = await startExecutor({
  line: owner.line(),
  dir: join(dir, "executor"),
  name: "mortal",
  pools: [order.pool],
  slots: 1,
  clock: realClock,
  ids,
  publicKey: owner.keys.publicKey,
  logger: silentLogger,
  environment: process.env,
});
owner.offer(order);
const result = await until("the result", () => owner.resultOf(order));
writeFileSync(join(dir, "result.part"), JSON.stringify(result));
renameSync(join(dir, "result.part"), join(dir, "result.json"));
await executor.stop();
