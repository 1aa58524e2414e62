/** Which hand does what an order names: those that come with Petrel, and those that an executor has loaded. */
import { Terminal } from "../contract/errors.ts";
import type { HandDefinition } from "./hand.ts";
import { browserHands } from "./hands/browser/run.ts";
import { ciHands } from "./hands/ci/run.ts";
import { codeHands } from "./hands/code/hands.ts";
import { logsHands } from "./hands/logs/run.ts";
import { notifyCard } from "./hands/notify/card.ts";
import { notifySend } from "./hands/notify/send.ts";
import { reviewHands } from "./hands/review/run.ts";
import { shellCard } from "./hands/shell/card.ts";
import { shellRun } from "./hands/shell/run.ts";

export type HandTable = ReadonlyMap<string, HandDefinition>;

export const builtInHands: readonly HandDefinition[] = [
  { ...shellCard, run: shellRun },
  ...codeHands,
  ...reviewHands,
  ...ciHands,
  ...browserHands,
  { ...notifyCard, run: notifySend },
  ...logsHands,
];

/** Throws Terminal `hand-name-taken`. */
export function handTable(loaded: readonly HandDefinition[] = []): HandTable {
  const table = new Map(builtInHands.map((hand) => [hand.name, hand]));
  for (const hand of loaded) {
    if (table.has(hand.name))
      throw new Terminal({ code: "hand-name-taken", message: `there are two hands ${hand.name}`, hint: "give one of them another name" });
    table.set(hand.name, hand);
  }
  return table;
}
