/** What an `http` transition asks for, and what comes back. */
import type { PetrelError } from "../contract/errors.ts";

export interface HttpRequest {
  method: string;
  url: string;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: Uint8Array | null;
  /** `<net>/<transition>/<firing>`, the same for every attempt: sent as `Idempotency-Key`. */
  key: string;
  /** Status codes and classes ("2xx") that count as done. */
  success: readonly (number | string)[];
  /** How many redirects are followed. */
  redirects: number;
  /** Bytes of an answer, after decompression too. */
  maxBytes: number;
  /** What the net allows of what the installation allows; null for all of it. */
  allow: readonly string[] | null;
  /** Headers that hold a secret: they never go to another origin. */
  sensitive: readonly string[];
  /** Takes the secrets out of what comes back, before anything is made of it. */
  strip(bytes: Uint8Array): Uint8Array;
}

/** What the event tells of a request, whether it went well or not. */
export interface HttpFacts {
  method: string;
  host: string;
  status?: number;
  /** Bytes of the answer's body. */
  size?: number;
  redirects?: number;
}

export interface HttpAnswer {
  status: number;
  /** Without cookies and what belongs to the connection alone. */
  headers: Record<string, string>;
  /** Media type without parameters, in lower case; empty where the server names none. */
  type: string;
  body: Uint8Array;
}

export type HttpOutcome = { facts: HttpFacts; answer: HttpAnswer } | { facts: HttpFacts; error: PetrelError; answer?: HttpAnswer };

export interface HttpPort {
  /** Never rejects but with the signal's reason. */
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpOutcome>;
  close(): Promise<void>;
}
