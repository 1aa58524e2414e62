/** Tells whoever runs an executor that its broker is out of reach, and that it is back. The reconnecting is the connection's own. */
import type { Clock, Timer } from "../../contract/clock.ts";

const LOOK_MS = 1000;
/** Shorter breaks are nobody's concern. */
const LOOKS = 3;

/** Gives back what ends it. */
export function watchWire(parts: {
  connected(): boolean;
  /** What the broker has said. */
  refusal(): string | null;
  clock: Clock;
  say(text: string): void;
}): () => void {
  const { connected, refusal, clock, say } = parts;
  let missed = 0;
  let timer: Timer;
  const look = () => {
    if (!connected()) missed += 1;
    else {
      if (missed >= LOOKS) say("the broker is back");
      missed = 0;
    }
    if (missed === LOOKS) say(`${awayText(refusal())}: it tries on, and keeps results until then`);
    timer = clock.after(LOOK_MS, look);
  };
  timer = clock.after(LOOK_MS, look);
  return () => timer.cancel();
}

function awayText(said: string | null): string {
  if (said === null) return "the broker is out of reach, or lets this executor in no more (revoked?)";
  const meant = /connections exceeded/i.test(said) ? "as many executors as its credentials allow are connected with them" : "revoked?";
  return `the broker is out of reach, or lets this executor in no more (${meant}; it said: ${said})`;
}
