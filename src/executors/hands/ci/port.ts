/**
 * What the hand `ci` needs of a CI system. Another system is another file that makes a `CiSystem`, and one line in `systems.ts`.
 * Every call throws coded errors: Retryable when the system is away or not ready, Refused when it does not let us, Terminal when there
 * is no such job.
 */

/** Where a build that was asked for waits. The system's own name for it. */
export interface QueueRef {
  id: string;
}
export interface BuildRef {
  number: number;
  /** For people. */
  url: string;
}
export type CiResult = "success" | "unstable" | "failure" | "aborted" | "not-built";

export type QueueState =
  | { state: "waiting"; why: string }
  | { state: "started"; build: BuildRef }
  | { state: "cancelled" }
  /** The system does not know it any more: it was started long ago, or never was. */
  | { state: "gone" };

export interface BuildState {
  running: boolean;
  /** Null while it runs. */
  result: CiResult | null;
  /** As the system measured it. */
  durationMs: number;
}

export interface TestCounts {
  passed: number;
  failed: number;
  skipped: number;
  failing: string[];
}

export interface LogPart {
  bytes: Uint8Array;
  /** Where the next part begins. */
  next: number;
  /** Whether more will come. */
  more: boolean;
}

export interface CiSystem {
  /** Asks for a build. `key` names the firing, so that a second attempt finds what the first asked for. */
  trigger(parameters: Readonly<Record<string, string>>, key: string): Promise<QueueRef>;
  /** What was asked for under this key before, if the system can tell; cancelled and aborted ones do not count. */
  find(key: string): Promise<{ queued: QueueRef } | { build: BuildRef } | null>;
  queued(ref: QueueRef): Promise<QueueState>;
  /** The build that an entry of the queue became, also when the queue has forgotten it. */
  buildOf(ref: QueueRef): Promise<BuildRef | null>;
  build(ref: BuildRef): Promise<BuildState>;
  log(ref: BuildRef, from: number): Promise<LogPart>;
  /** Null when the build published none. */
  tests(ref: BuildRef): Promise<TestCounts | null>;
  /** Ends what was asked for, waiting or running. Ends without a word when it is over already. */
  abort(what: { queued: QueueRef } | { build: BuildRef }): Promise<void>;
}

export interface CiAccess {
  /** Root of the system, without a slash at its end. */
  url: string;
  /** Folders and job, as people see them: `team/service`. */
  job: string;
  user: string | null;
  token: string | null;
  signal: AbortSignal;
  /** Waits; rejects with the signal's reason. */
  pause(ms: number): Promise<void>;
  /** Throws Refused when the machine's owner does not allow this host. */
  checkHost(url: string): void;
}
