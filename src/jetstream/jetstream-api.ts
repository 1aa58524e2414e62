/** Requests to JetStream's own API, by its wire form: what is sent is exactly what stands here. */
import type { MsgHdrs } from "@nats-io/transport-node";
import { PetrelError, Retryable } from "../contract/errors.ts";
import type { Link } from "./link.ts";

/** err_code values of the server (its server/errors.json). */
export const apiCodes = {
  streamNotFound: 10059,
  consumerNotFound: 10014,
  noMessage: 10037,
  wrongLastSequence: 10071,
  wrongLastSequenceUnknown: 10164,
  duplicateInProcess: 10158,
  nameInUse: 10058,
} as const;

/** Answers that say nothing of the request itself: the server or its cluster is not ready. */
const PASSING = new Set([10008, 10009, 10025, 10039, 10076, 10164, 10158]);

/** No room, in the server's several words for it; some come with status 503, which does not make them pass by themselves. */
export const NO_ROOM: ReadonlySet<number> = new Set([10002, 10023, 10028, 10047, 10077]);

/** JetStream answered with an error. */
export class ApiFailure extends PetrelError {
  /** err_code */
  readonly apiCode: number;
  constructor(subject: string, error: ApiErrorBody) {
    const passing = PASSING.has(error.err_code ?? 0) || (error.code === 503 && !NO_ROOM.has(error.err_code ?? 0));
    super(passing ? "retryable" : "terminal", {
      code: "broker-error",
      message: `${error.description ?? "error"} (JetStream ${error.err_code ?? error.code}) at ${subject}`,
    });
    this.apiCode = error.err_code ?? 0;
  }
}

export interface ApiErrorBody {
  code: number;
  err_code?: number;
  description?: string;
}

/** Asks `$JS.API.<call>`; throws ApiFailure, or what `Link.call` throws. */
export async function api<T>(link: Link, call: string, body?: object, timeoutMs?: number): Promise<T> {
  const subject = `${link.apiPrefix}.${call}`;
  const answer = await link.call(subject, body ? JSON.stringify(body) : "", timeoutMs === undefined ? {} : { timeoutMs });
  const parsed = answer.json<T & { error?: ApiErrorBody }>();
  if (parsed.error) throw new ApiFailure(subject, parsed.error);
  return parsed;
}

export interface PubAck {
  stream: string;
  seq: number;
  duplicate?: boolean;
}

/** A publish that a stream acknowledges; throws ApiFailure, or what `Link.call` throws. */
export async function publishAcked(
  link: Link,
  subject: string,
  payload: Uint8Array | string,
  headers?: MsgHdrs,
  timeoutMs?: number,
): Promise<PubAck> {
  const answer = await link.call(subject, payload, { ...(headers ? { headers } : {}), ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  const parsed = answer.json<PubAck & { error?: ApiErrorBody }>();
  if (parsed.error) throw new ApiFailure(subject, parsed.error);
  if (typeof parsed.seq !== "number") {
    throw new Retryable({ code: "no-stream-answer", message: `something else than a stream answered on ${subject}` });
  }
  return parsed;
}

export function isApiCode(error: unknown, code: number): boolean {
  return error instanceof ApiFailure && error.apiCode === code;
}
