/** Tells whoever runs an executor that its broker is out of reach, and that it is back. The reconnecting is the connection's own. */
import type { Clock, Timer } from "../../contract/clock.ts";

const LOOK_MS = 1000;
/** Shorter breaks are nobody's concern. */
const LOOKS = 3;

/** Gives back what ends it. */
export function watchWire({ connected, clock, say }: { connected(): boolean; clock: Clock; say(text: string): void }): () => void {
  let missed = 0;
  let timer: Timer;
  const look = () => {
    if (!connected()) missed += 1;
    else {
      if (missed >= LOOKS) say("the broker is back");
      missed = 0;
    }
    if (missed === LOOKS)
      say("the broker is out of reach, or lets this executor in no more (revoked?): it tries on, and keeps results until then");
    timer = clock.after(LOOK_MS, look);
  };
  timer = clock.after(LOOK_MS, look);
  return () => timer.cancel();
}
