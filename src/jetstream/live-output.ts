/** What commands print while they print it, on core NATS: from executors to the owners of nets, and from these to all who look. */
import type { WorkDesk } from "../contract/broker.ts";
import type { LiveOutput, PrintedPiece } from "../contract/printed.ts";
import { printedIn } from "../contract/printed.ts";
import type { Serving } from "../contract/serving.ts";
import { subjects } from "../contract/subjects.ts";
import { unpackEnvelope } from "./envelope-bytes.ts";
import type { Link } from "./link.ts";

export function liveOutput(link: Link): LiveOutput {
  return {
    print: (piece) => {
      try {
        link.publish(subjects.printing(piece.net, piece.transition, piece.firing), JSON.stringify(piece));
      } catch {
        // For eyes alone: a piece may be lost.
      }
    },
    listen: (net, take) =>
      link.subscribe(subjects.printingAll(net), (message) => {
        const piece = pieceIn(message.data);
        if (piece) take(piece);
      }),
  };
}

/** Who prints is what the broker let it say in the subject. */
export function listenPrinted(link: Link, take: Parameters<WorkDesk["onPrinted"]>[0]): Serving {
  return link.subscribe(subjects.outputAll(), (message) => {
    const [, executor = "", net = "", firing = "", attempt = ""] = message.subject.split(".");
    const piece = unpacked(message.data);
    if (piece) take(executor, { net, firing, attempt: Number(attempt) }, piece);
  });
}

function unpacked(data: Uint8Array) {
  try {
    return printedIn(unpackEnvelope<unknown>(data));
  } catch {
    return null;
  }
}

function pieceIn(data: Uint8Array): PrintedPiece | null {
  try {
    const value = JSON.parse(new TextDecoder().decode(data)) as Partial<PrintedPiece>;
    const printed = printedIn(value);
    const { net, transition, firing, executor, attempt } = value;
    const named = [net, transition, firing, executor].every((part) => typeof part === "string") && Number.isSafeInteger(attempt);
    return printed && named ? { ...(value as PrintedPiece), ...printed } : null;
  } catch {
    return null;
  }
}
