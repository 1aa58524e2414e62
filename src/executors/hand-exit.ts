/**
 * A hand that the machine's owner loaded runs in the executor's own process: with `process.exit` it would end the work of every other hand,
 * without a word. What it does that way, or in a timer or a listener that it made, ends its own step.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { syncBuiltinESMExports } from "node:module";
import { Terminal } from "../contract/errors.ts";

const within = new AsyncLocalStorage<string>();

/** `who`: in words, for the error. */
export const asHand = <T>(who: string, call: () => T): T => within.run(who, call);

/** While it holds, `process.exit` throws Terminal `hand-exit` where a hand calls it. Gives back what ends that. */
export function refuseExit(): () => void {
  const exit = process.exit;
  replaceExit((code) => {
    const who = within.getStore();
    if (who === undefined) return exit.call(process, code);
    throw new Terminal({
      code: "hand-exit",
      message: `${who} called process.exit(${code ?? ""}), which would have ended the executor with all that it does`,
      hint: "a hand gives a result, or throws what context.retry, fail or refuse make; have a program that ends itself run by context.run",
    });
  });
  return () => replaceExit(exit);
}

function replaceExit(exit: typeof process.exit): void {
  process.exit = exit;
  // For who imports it by name.
  syncBuiltinESMExports();
}
