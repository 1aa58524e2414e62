/** What models say while they say it, on core NATS. */
import type { LiveText, SaidPiece } from "../contract/broker.ts";
import { subjects } from "../contract/subjects.ts";
import type { Link } from "./link.ts";

export function liveText(link: Link): LiveText {
  return {
    say: (piece) => {
      try {
        link.publish(subjects.saying(piece.net, piece.transition, piece.firing), JSON.stringify(piece));
      } catch {
        // For eyes alone: a piece may be lost.
      }
    },
    listen: (net, take) =>
      link.subscribe(subjects.sayingAll(net), (message) => {
        const piece = pieceIn(message.data);
        if (piece) take(piece);
      }),
  };
}

function pieceIn(data: Uint8Array): SaidPiece | null {
  try {
    const value = JSON.parse(new TextDecoder().decode(data)) as Partial<SaidPiece>;
    const { net, transition, firing, persona, text } = value;
    const whole = [net, transition, firing, persona, text].every((part) => typeof part === "string");
    return whole ? (value as SaidPiece) : null;
  } catch {
    return null;
  }
}
