/**
 * `Idempotency-Key` on writes (draft-ietf-httpapi-idempotency-key-header): a request that comes again gets the answer of the first.
 *
 * I1 A key belongs to one client and one request: with another route or body it is refused, and nothing is done.
 * I2 What is under way is not begun again. An attempt whose gateway died holds its key for a minute.
 * I3 What was refused has changed nothing and is not kept: the same request is tried anew.
 * Tokens that are put and calls that wait do not come here: the log itself knows their keys (E6).
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import * as z from "zod";
import { Retryable, Terminal } from "../contract/errors.ts";
import { sha256 } from "../contract/hash.ts";
import type { Json } from "../contract/json.ts";
import type { KeyValue } from "../contract/key-value.ts";
import { type Api, callerOf } from "./api.ts";

const LONGEST_KEY = 255;
const UNDER_WAY_MS = 60_000;
const KEPT_MS = 24 * 3600 * 1000;
/** Characters of an answer that is kept; what is longer is not, and made anew. */
const LONGEST_ANSWER = 200_000;

const onceRecord = z.object({
  request: z.string().describe("hash of route and body"),
  answer: z.object({ status: z.int(), type: z.string(), body: z.string() }).nullable(),
});
interface Claim {
  key: string;
  revision: number;
  request: string;
}

/** The header, or null without it. Errors: Terminal `bad-idempotency-key`. */
export function idempotencyKey(request: FastifyRequest): string | null {
  const key = request.headers["idempotency-key"];
  if (key === undefined) return null;
  if (typeof key === "string" && key.trim() !== "" && key.length <= LONGEST_KEY) return key;
  throw new Terminal({
    code: "bad-idempotency-key",
    message: `an Idempotency-Key has 1 to ${LONGEST_KEY} characters, and stands once`,
    hint: "a UUID of your own for each request, the same when you send it again",
  });
}

/** The key as the log takes it: any text becomes an id, and two clients' keys never meet. */
export function logKey(request: FastifyRequest): string | null {
  const key = idempotencyKey(request);
  return key === null ? null : `k-${sha256(`${callerOf(request).client}\n${key}`).slice(0, 40)}`;
}

export function onceRoutes(api: Api, bucket: KeyValue): void {
  const claims = new WeakMap<FastifyRequest, Claim>();
  api.addHook("preHandler", async (request, reply) => {
    const { scope = "public", keyInLog = false } = request.routeOptions.config;
    if (scope === "public" || scope === "petrel:read" || keyInLog) return undefined;
    const key = idempotencyKey(request);
    if (key === null) return undefined;
    const claim = await claimed(bucket, request, key, reply);
    // Waits until it is sent: a hook that settles before lets the request go on to its route.
    if (!claim) return reply;
    claims.set(request, claim);
    return undefined;
  });
  api.addHook("onSend", async (request, reply, payload) => {
    const claim = claims.get(request);
    if (!claim) return;
    claims.delete(request);
    await settle(bucket, claim, reply, payload);
  });
}

/** Null when the answer is given already. Errors: Terminal `idempotency-key-reused`, Retryable `still-under-way`. */
async function claimed(bucket: KeyValue, request: FastifyRequest, text: string, reply: FastifyReply): Promise<Claim | null> {
  const key = `once.${sha256(`${callerOf(request).client}\n${text}`).slice(0, 40)}`;
  const wanted = sha256(JSON.stringify([request.method, request.url, request.body ?? null]));
  for (;;) {
    const stored = await bucket.get(key);
    const known = onceRecord.safeParse(stored?.value).data;
    if (!known) {
      const revision = await bucket.put(key, recordOf(wanted, null), { expected: stored?.revision ?? 0, ttlMs: UNDER_WAY_MS });
      if (revision === null) continue;
      return { key, revision, request: wanted };
    }
    if (known.request !== wanted) throw keyReused("with another request");
    if (!known.answer)
      throw new Retryable({ code: "still-under-way", message: "a request with this Idempotency-Key is under way", retryAfterMs: 1000 });
    const { status, type, body } = known.answer;
    void reply.code(status).type(type).header("idempotent-replayed", "true").send(body);
    return null;
  }
}

async function settle(bucket: KeyValue, claim: Claim, reply: FastifyReply, payload: unknown): Promise<void> {
  const { statusCode: status } = reply;
  const kept = typeof payload === "string" && payload.length <= LONGEST_ANSWER && status < 400;
  // What cannot be noted is not known to the next one, which then waits for the minute of I2.
  const note = kept
    ? bucket.put(claim.key, recordOf(claim.request, { status, type: String(reply.getHeader("content-type")), body: payload }), {
        expected: claim.revision,
        ttlMs: KEPT_MS,
      })
    : bucket.remove(claim.key, claim.revision);
  await Promise.resolve(note).catch(() => undefined);
}

const recordOf = (request: string, answer: z.output<typeof onceRecord>["answer"]): Json => ({ request, answer });

export function keyReused(how: string): Terminal {
  return new Terminal({
    code: "idempotency-key-reused",
    message: `this Idempotency-Key came before ${how}; nothing was done`,
    hint: "repeat a request with the same bytes, or take another key",
  });
}
