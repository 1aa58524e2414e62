/** Which hand does what an order names. */
import type { Hand } from "./hand.ts";
import { codeDeliver } from "./hands/code/deliver.ts";
import { codeSession } from "./hands/code/session.ts";
import { codeVerify } from "./hands/code/verify.ts";
import { shellRun } from "./hands/shell.ts";

export const handTable: ReadonlyMap<string, Hand> = new Map([
  ["shell.run", shellRun],
  ["code.session", codeSession],
  ["code.verify", codeVerify],
  ["code.deliver", codeDeliver],
]);
