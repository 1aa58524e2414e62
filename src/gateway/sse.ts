/** Server-sent events: heartbeats, back pressure, and an end when the client or the gateway goes, or the token ends or is revoked. */
import { once } from "node:events";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { House } from "./api.ts";

export interface ServerEvent {
  id?: string;
  event: string;
  data: unknown;
}

const HEARTBEAT_MS = 15_000;
/** A client that takes nothing for so long is let go; it comes back with the last id that it has. */
const STUCK_MS = 20_000;

export async function sse(
  request: FastifyRequest,
  reply: FastifyReply,
  house: House,
  events: (signal: AbortSignal) => AsyncIterable<ServerEvent>,
): Promise<void> {
  reply.hijack();
  const { raw } = reply;
  const gone = new AbortController();
  const signal = AbortSignal.any([gone.signal, house.stopping]);
  raw.on("close", () => gone.abort()).on("error", () => gone.abort());
  const lifeMs = (request.caller?.expiresAt ?? Number.POSITIVE_INFINITY) - house.clock.now();
  const over = Number.isFinite(lifeMs) ? house.clock.after(Math.max(0, lifeMs), () => gone.abort()) : null;
  const unwatch = request.caller ? house.access.tokens.onRevoked(request.caller, () => gone.abort()) : () => {};
  // Headers that hooks of the server have set already, like those against sniffing, go along.
  const headers = Object.fromEntries(
    Object.entries(reply.getHeaders()).flatMap(([name, value]) => (value === undefined ? [] : [[name, value as string]])),
  );
  raw.writeHead(200, {
    ...headers,
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    connection: "keep-alive",
    "x-accel-buffering": "no",
  });
  raw.write("retry: 1000\n\n");
  let beat = house.clock.after(HEARTBEAT_MS, function again() {
    raw.write(": heartbeat\n\n");
    beat = house.clock.after(HEARTBEAT_MS, again);
  });
  try {
    for await (const event of events(signal)) {
      if (signal.aborted) break;
      if (!raw.write(frame(event))) await drained(raw, house, gone);
    }
  } catch (error) {
    house.logger.warn({ error: String(error), url: request.url }, "a stream of events ended early");
  } finally {
    beat.cancel();
    over?.cancel();
    unwatch();
    raw.end();
  }
}

/** Of what many follow: one event is written once for all of them. */
const written = new WeakMap<object, { head: string; bytes: Buffer }>();

function frame({ id, event, data }: ServerEvent): Buffer {
  const head = `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: `;
  const known = typeof data === "object" && data !== null ? written.get(data) : undefined;
  if (known?.head === head) return known.bytes;
  const bytes = Buffer.from(`${head}${JSON.stringify(data)}\n\n`);
  if (typeof data === "object" && data !== null) written.set(data, { head, bytes });
  return bytes;
}

async function drained(raw: FastifyReply["raw"], house: House, gone: AbortController): Promise<void> {
  const stuck = house.clock.after(STUCK_MS, () => {
    gone.abort();
    raw.destroy();
  });
  await once(raw, "drain", { signal: gone.signal }).catch(() => {});
  stuck.cancel();
}
