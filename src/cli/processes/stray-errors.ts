/**
 * A hand that the machine's owner loaded may leave something behind that fails when nobody waits for it: a promise, a timer. Node would
 * end the process for it, and with it the work of every other hand.
 */
import type { Logger } from "../../contract/logger.ts";
import type { PetrelDoors } from "../doors.ts";

/** Says it, and lets the process go on. Gives back what ends that. */
export function outliveStrays({ stderr }: Pick<PetrelDoors, "stderr">, logger: Logger): () => void {
  const hear = (error: unknown) => {
    const said = error instanceof Error ? error.message : String(error);
    logger.error({ err: error }, "something that nobody waited for failed");
    stderr.write(`petrel: something that a loaded hand left behind failed, and the executor goes on: ${said}\n`);
  };
  process.on("unhandledRejection", hear);
  process.on("uncaughtException", hear);
  return () => {
    process.off("unhandledRejection", hear);
    process.off("uncaughtException", hear);
  };
}
