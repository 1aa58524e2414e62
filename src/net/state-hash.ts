/** The hash of a whole state: the same at the same event of the same log, for every master and for anybody who folds it. */
import { sha256Pieces } from "../contract/hash.ts";
import { freeze } from "./frozen-state.ts";
import type { NetState } from "./state.ts";
import { stateText } from "./state-text.ts";

/** 64 hex digits. */
export function stateHash(state: NetState): string {
  return sha256Pieces(stateText(freeze(state)));
}
