/** The net and the personas that a proposal is checked against. */
import type { JsonObject } from "../../contract/json.ts";

export interface CheckedAgainst {
  definition: JsonObject;
  /** The version of it. */
  hash: string;
  /** Flags by the names of the personas that are there already. */
  personas: ReadonlyMap<string, string>;
}
