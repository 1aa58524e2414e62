/** How an event ended, as a colour with its word: green for done, a ring for work that goes back, red for failed, amber for waiting. */
import type { NetEvent } from "../../contract/event.ts";

export function Dot({ status, isBack }: { status: NetEvent["status"]; isBack: boolean }) {
  const word = isBack && status === "ok" ? "again" : status;
  return <span className={`dot ${word}`} title={word === "again" ? "goes back, to be done again" : word} />;
}
