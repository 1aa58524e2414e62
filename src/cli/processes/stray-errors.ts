/**
 * A hand that the machine's owner loaded may leave something behind that fails when nobody waits for it: a promise, a timer. Node would
 * end the process for it, and with it the work of every other hand. One that ends the process itself would do so without a word.
 */
import type { Logger } from "../../contract/logger.ts";
import { refuseExit } from "../../executors/hand-exit.ts";
import type { PetrelDoors } from "../doors.ts";

/** What a second interrupt ends with: that is no hand's doing. */
const INTERRUPTED = [130, 143];

/** Says it, and lets the process go on, or end with 1 where it cannot. Gives back what ends that. */
export function outliveStrays({ stderr }: Pick<PetrelDoors, "stderr">, logger: Logger): () => void {
  const hear = (error: unknown) => {
    const said = error instanceof Error ? error.message : String(error);
    logger.error({ err: error }, "something that nobody waited for failed");
    stderr.write(`petrel: something that a loaded hand left behind failed, and the executor goes on: ${said}\n`);
  };
  // A listener that a hand added to one of ours, like a signal's, is not known to be a hand's.
  const leaves = (code: number) => {
    if (INTERRUPTED.includes(code)) return;
    const said = `process.exit(${code}) was called, which Petrel did not: the executor is ended, and its work goes to another after one lease`;
    logger.error({ code }, said);
    stderr.write(`petrel: ${said}. Look at what the loaded hands do on a signal\n`);
    process.exitCode = 1;
  };
  const allowExit = refuseExit();
  process.on("unhandledRejection", hear);
  process.on("uncaughtException", hear);
  process.on("exit", leaves);
  return () => {
    process.off("unhandledRejection", hear);
    process.off("uncaughtException", hear);
    process.off("exit", leaves);
    allowExit();
  };
}
