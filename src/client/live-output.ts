/** What running commands print: first what the owners of the nets remember of it, then what comes. Each piece once. */
import type { Broker } from "../contract/broker.ts";
import { outputKey, type PrintedPiece, printedIn } from "../contract/printed.ts";
import { askNet } from "./ask.ts";

/** Pieces that wait for one who reads slowly; beyond it the oldest go. */
const MOST_WAITING = 1000;

/** Of these nets, what is remembered now. An owner that is away has nothing to tell. */
export async function printedSoFar(broker: Broker, nets: readonly string[]): Promise<PrintedPiece[]> {
  const answers = await Promise.all(nets.map((net) => askNet(broker, net, "printed").catch(() => [])));
  return answers
    .flatMap((answer) => (Array.isArray(answer) ? (answer as unknown as PrintedPiece[]) : []))
    .filter((piece) => printedIn(piece));
}

/** `net` null: of all nets; `nets` are those that are asked for what they remember. Ends when `signal` is aborted. */
export async function* followOutput(
  broker: Broker,
  { net, nets, fits }: { net: string | null; nets: readonly string[]; fits(piece: PrintedPiece): boolean },
  signal: AbortSignal,
): AsyncGenerator<PrintedPiece> {
  const waiting: PrintedPiece[] = [];
  let wake = () => {};
  const listening = broker.liveOutput.listen(net, (piece) => {
    waiting.push(piece);
    if (waiting.length > MOST_WAITING) waiting.shift();
    wake();
  });
  const onAbort = () => wake();
  signal.addEventListener("abort", onAbort, { once: true });
  const known = new Map<string, number>();
  const isNew = (piece: PrintedPiece) => {
    const key = outputKey(piece);
    const before = known.get(key);
    known.set(key, Math.max(before ?? 0, piece.end));
    if (piece.last) known.delete(key);
    return before === undefined || piece.at >= before;
  };
  try {
    for (const piece of await printedSoFar(broker, nets)) if (fits(piece) && isNew(piece)) yield piece;
    while (!signal.aborted) {
      const next = waiting.shift();
      if (next === undefined)
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (waiting.length > 0 || signal.aborted) resolve();
        });
      else if (fits(next) && isNew(next)) yield next;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    await listening.stop();
  }
}
