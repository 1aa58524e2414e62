/** A command that somebody else ended: what it did is no answer of its own. */
import { Retryable } from "../contract/errors.ts";
import type { CommandResult } from "./process-tree.ts";

const KILLED = 137;

/**
 * Throws Retryable `killed-from-outside` for a command that SIGKILL ended, which Petrel did not send. Its own limits and its own kills
 * are errors of their own before there is a result.
 */
export function mustNotBeKilled({ signal, timedOut }: Pick<CommandResult, "signal" | "timedOut">, program: string): void {
  if (signal !== "SIGKILL" || timedOut) return;
  throw new Retryable({
    code: "killed-from-outside",
    message: `${program} was ended by SIGKILL, which Petrel did not send: perhaps by the kernel for want of memory on that machine, or by somebody there`,
    hint: "`journalctl -k` or `dmesg` there says so if it was the kernel; give the executor fewer --slots, or the command less to do",
  });
}

/** The same for what runs by way of a shell or npm, which say 137 for what they started. */
export function mustNotBeKilledWithin(result: CommandResult, program: string): void {
  mustNotBeKilled(result.exitCode === KILLED ? { ...result, signal: "SIGKILL" } : result, program);
}
