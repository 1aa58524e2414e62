/** The hands of code. */
import type { HandDefinition } from "../../hand.ts";
import { deliverCard, pushCard, sessionCard, verifyCard } from "./cards.ts";
import { claudeHand, claudeLack } from "./claude.ts";
import { engineCard } from "./claude-card.ts";
import { codeDeliver } from "./deliver.ts";
import { codePush } from "./push.ts";
import { codeSession } from "./session.ts";
import { codeVerify } from "./verify.ts";

export const codeHands: readonly HandDefinition[] = [
  { ...sessionCard, run: codeSession },
  { ...verifyCard, run: codeVerify },
  { ...deliverCard, run: codeDeliver },
  { ...pushCard, run: codePush },
  claudeHand,
  { ...engineCard, run: codeSession, lack: claudeLack },
];
