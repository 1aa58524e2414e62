/** A token: a durable JSON document with its provenance. */
import type { Json } from "./json.ts";

export interface TokenSource {
  net: string;
  transition: string;
  firing: string;
  /** Ids of the tokens that the firing consumed and read. */
  tokens: string[];
  /** The rule that answered in the model's place, where one did. */
  rule?: string;
}

export interface Token {
  id: string;
  data: Json;
  from: TokenSource | { outside: string };
  /** Persona, or who outside made it. */
  by: string;
  /** ISO 8601, UTC. */
  at: string;
  /** All tokens that descend from one arrival share it. */
  correlation: string;
  /** Inside a sub-net that has instances: which one it belongs to, by the firing of the link that began it. */
  instance?: string;
  v: 1;
}

/** What stands in a token or an event in place of a payload that lies in the artefact store. */
export interface ArtifactRef {
  $artifact: string;
  sha256: string;
  /** Bytes. */
  size: number;
  /** Media type. */
  type: string;
  /** What it is called, for people: the name that the hand gave it. */
  name?: string;
}

/** Data above this size (bytes of JSON) lays its largest fields down as artefacts, so that a log entry always fits. */
export const TOKEN_DATA_LIMIT = 64 * 1024;
/** Bytes of data that the tokens of one event may carry together. */
export const EVENT_DATA_LIMIT = 256 * 1024;
/** A reference is about 200 bytes long: nothing is won by storing less. */
export const WORTH_STORING = 512;
/** The most tokens that `take: "all"` takes in one firing. */
export const TAKE_ALL_LIMIT = 1000;
