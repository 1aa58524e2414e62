/** A system that comes up with a net that cannot be opened says so: it serves the others, and nothing else would tell. */
import { closedError, openedNets } from "../client/known-nets.ts";
import { delay } from "../contract/clock.ts";
import type { VerbCall } from "./verb.ts";

const LOOK_MS = 1000;
/** A net that is not opened by then is waited for by its master, or owned by one that is about to be known dead. */
const LOOKS = 60;

/** Ends when every net is open or told, when its looks are over, or with the system; never throws. */
export async function tellClosed(call: VerbCall): Promise<void> {
  const { petrel, dir, out } = call;
  const told = new Set<string>();
  try {
    const { broker, close } = await petrel.connect(dir, { logLevel: call.logLevel });
    try {
      for (let look = 0; look < LOOKS && !petrel.signal.aborted; look += 1) {
        const { closed, waiting } = await openedNets(broker);
        for (const each of closed.filter(({ net }) => !told.has(net))) {
          told.add(each.net);
          const { message, hint = "" } = closedError(each);
          out.say(`${out.paint.red(message)}\n  next:  ${call.pasteable(hint)}`);
        }
        if (waiting === 0) return;
        await delay(petrel.clock, LOOK_MS, petrel.signal);
      }
    } finally {
      await close();
    }
  } catch {
    // The system is up without this; petrel doctor tells the same.
  }
}
