/** An executor on a memory owner, with its folder; everything is stopped and removed by `end`. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { WorkOrder, WorkResult } from "../../src/contract/envelope.ts";
import type { JsonObject } from "../../src/contract/json.ts";
import type { Logger } from "../../src/contract/logger.ts";
import { silentLogger } from "../../src/contract/logger.ts";
import { type ExecutorOptions, type RunningExecutor, startExecutor } from "../../src/executors/executor.ts";
import { until } from "../support/wait-until.ts";
import { MemoryOwner } from "./memory-owner.ts";
import { realClock } from "./real-clock.ts";

export { until } from "../support/wait-until.ts";
export { realClock } from "./real-clock.ts";

let count = 0;
export const ids = { next: () => `id${++count}` };

export const DEVELOPER = {
  name: "developer",
  flags: "rw---",
  tools: [
    "fs.read",
    "fs.list",
    "fs.search",
    "fs.write",
    "fs.patch",
    "fs.delete",
    "git.status",
    "git.diff",
    "git.log",
    "git.commit",
    "tests.run",
  ],
};
export const DEVOPS = { name: "devops", flags: "r-x--", tools: [] };

export interface ExecutorBench {
  owner: MemoryOwner;
  dir: string;
  executor(): RunningExecutor;
  restart(options?: Partial<ExecutorOptions>): Promise<RunningExecutor>;
  order(hand: string, input: JsonObject, over?: Partial<WorkOrder>): WorkOrder;
  /** Offers an order and waits for its result. */
  run(hand: string, input: JsonObject, over?: Partial<WorkOrder>): Promise<WorkResult>;
  end(): Promise<void>;
}

export async function startBench(options: Partial<ExecutorOptions> = {}, logger: Logger = silentLogger): Promise<ExecutorBench> {
  const owner = new MemoryOwner();
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "petrel-hands-")));
  const start = (more: Partial<ExecutorOptions> = {}) =>
    startExecutor({
      line: owner.line(),
      dir,
      name: "hands-1",
      pools: ["code"],
      slots: 4,
      clock: realClock,
      ids,
      publicKey: owner.keys.publicKey,
      logger,
      environment: process.env,
      ...options,
      ...more,
    });
  let executor = await start();
  let firings = 0;
  const order: ExecutorBench["order"] = (hand, input, over = {}) => {
    const firing = over.firing ?? `f${++firings}`;
    return {
      v: 1,
      net: "team",
      transition: "work",
      firing,
      attempt: 1,
      pool: "code",
      key: `team/work/${firing}`,
      mode: hand.endsWith(".session") ? "session" : "run",
      hand,
      input,
      persona: null,
      correlation: "c",
      timeoutMs: 60_000,
      at: "2026-01-01T00:00:00.000Z",
      netVersion: "0",
      ...over,
    };
  };
  return {
    owner,
    dir,
    executor: () => executor,
    restart: async (more) => {
      await executor.stop();
      executor = await start(more);
      return executor;
    },
    order,
    run: async (hand, input, over) => {
      const made = order(hand, input, over);
      owner.offer(made);
      return await until(`the result of ${hand}`, () => owner.resultOf(made), made.timeoutMs + 60_000);
    },
    end: async () => {
      owner.up = true;
      await executor.stop();
      rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

/** The value of a result that must be good. */
export function goodValue(result: WorkResult): JsonObject {
  if (!result.outcome.ok) throw new Error(`the order failed: ${JSON.stringify(result.outcome.error)}`);
  return result.outcome.value as JsonObject;
}
