/** What a hand is given and what it gives back. Hands hold no state between orders but what lies in the workshop. */
import type { Clock } from "../contract/clock.ts";
import type { WorkOrder } from "../contract/envelope.ts";
import type { IdSource } from "../contract/ids.ts";
import type { Json } from "../contract/json.ts";
import type { Logger } from "../contract/logger.ts";
import type { Environment } from "./clean-environment.ts";
import type { KeyedLock } from "./keyed-lock.ts";
import type { OpenProcess } from "./open-process.ts";
import type { Command, CommandResult } from "./process-tree.ts";

/** What all hands of one executor share. */
export interface Workshop {
  /** The executor's folder; `mirrors`, `cache`, `work`, `results` and `claims` lie in it. */
  dir: string;
  clock: Clock;
  ids: IdSource;
  /** The executor's own environment. */
  environment: Environment;
  locks: KeyedLock;
  /** Results that depend on nothing but content, like the test run of a commit; by key. */
  memo: Map<string, Promise<Json>>;
}

/** Answers one tool call of a session. Throws coded errors. */
export type ToolHandler = (tool: string, input: Json) => Promise<Json>;

export type RunCommand = (command: Omit<Command, "signal" | "mark" | "env"> & { env?: Record<string, string> }) => Promise<CommandResult>;

export interface HandContext {
  order: WorkOrder;
  /** An empty folder of this attempt; removed afterwards. */
  workDir: string;
  signal: AbortSignal;
  secrets: Readonly<Record<string, string>>;
  logger: Logger;
  workshop: Workshop;
  /** Runs a command in a clean environment, ended with the attempt; `env` is laid over it. */
  run: RunCommand;
  /** Starts a process that stays open for a conversation by lines, in the same environment; ended with the attempt. */
  open(command: { argv: string[]; cwd: string }): OpenProcess;
  /** Asks the owner just before an irreversible step. Throws Cancelled `not-confirmed` when the attempt is no longer ours. */
  confirm(): Promise<void>;
  /** A session opens for tool calls with this. */
  serve(handler: ToolHandler): void;
}

/** Returns the value of the work result. */
export type Hand = (context: HandContext) => Promise<Json>;
