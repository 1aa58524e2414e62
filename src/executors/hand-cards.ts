/** The hands that come with Petrel, as they are known where orders are written. What does the work is in `hand-table.ts`. */
import type { HandCard } from "./hand.ts";
import { browserSessionCard, flowCard } from "./hands/browser/card.ts";
import { ciCard } from "./hands/ci/card.ts";
import { deliverCard, pushCard, sessionCard, verifyCard } from "./hands/code/cards.ts";
import { claudeCard, engineCard } from "./hands/code/claude-card.ts";
import { compareCard, readCard } from "./hands/logs/card.ts";
import { notifyCard } from "./hands/notify/card.ts";
import { reviewCard } from "./hands/review/card.ts";
import { shellCard } from "./hands/shell/card.ts";

export const handCards: ReadonlyMap<string, HandCard> = new Map(
  [
    shellCard,
    sessionCard,
    verifyCard,
    deliverCard,
    pushCard,
    claudeCard,
    engineCard,
    reviewCard,
    ciCard,
    flowCard,
    browserSessionCard,
    notifyCard,
    readCard,
    compareCard,
  ].map((card) => [card.name, card]),
);

/** Rooms of the hands that come with Petrel: no loaded hand is called like them. */
export const BUILT_IN_ROOMS: ReadonlySet<string> = new Set([...handCards.keys()].map(roomOf));

export function roomOf(hand: string): string {
  return hand.slice(0, hand.indexOf("."));
}
