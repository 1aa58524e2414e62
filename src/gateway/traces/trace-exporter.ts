/**
 * Sends the spans of all nets to a collector, OTLP over HTTP with JSON. Of several gateways one does it at a time.
 *
 * X1 How far a net is told stands on the broker, so whoever takes over goes on there: a span may come twice with the same id, none is lost.
 * X2 A collector that is away is asked again; the position moves only when it has taken what was before it.
 */
import * as z from "zod";
import { entryAfter } from "../../client/log-positions.ts";
import type { Broker } from "../../contract/broker.ts";
import type { Clock } from "../../contract/clock.ts";
import type { KeyValue } from "../../contract/key-value.ts";
import type { Logger } from "../../contract/logger.ts";
import { NetTracer } from "./net-tracer.ts";
import { otlpJson, type Span } from "./span.ts";

export interface Collector {
  /** `http://host:4318/v1/traces`. */
  url: string;
  headers: Record<string, string>;
  service: string;
}
export interface ExporterPorts {
  broker: Broker;
  clock: Clock;
  logger: Logger;
  collector: Collector;
  /** Names this gateway among others. */
  id: string;
  version: string;
  stopping: AbortSignal;
}

const TURN_MS = 500;
const LEASE_MS = 10_000;
const BATCH = 400;
const LOST_MS = 5000;
/** Of a net that was never told, this much of the past is. */
const LOOK_BACK_MS = 3_600_000;
const position = z.object({ seq: z.int() });
const lease = z.object({ owner: z.string() });

/** Runs until `stopping`. */
export async function exportTraces(ports: ExporterPorts): Promise<void> {
  const bucket = ports.broker.keyValue("access");
  const nets = new Map<string, NetExport>();
  while (!ports.stopping.aborted) {
    try {
      if (await holdsLease(ports, bucket)) {
        for (const net of await ports.broker.nets()) {
          const known = nets.get(net) ?? new NetExport(ports, bucket, net);
          nets.set(net, known);
          await known.turn();
        }
      } else nets.clear();
      await pause(ports, TURN_MS);
    } catch (error) {
      ports.logger.warn({ error: String(error), url: ports.collector.url }, "traces could not be sent; again in a while");
      nets.clear();
      await pause(ports, LOST_MS);
    }
  }
}

class NetExport {
  readonly #ports: ExporterPorts;
  readonly #bucket: KeyValue;
  readonly #net: string;
  readonly #tracer: NetTracer;
  #entry: number | null = null;
  #from = 0;
  #saved = 0;

  constructor(ports: ExporterPorts, bucket: KeyValue, net: string) {
    this.#ports = ports;
    this.#bucket = bucket;
    this.#net = net;
    this.#tracer = new NetTracer(net);
  }

  /** All that came since the last turn. */
  async turn(): Promise<void> {
    const { broker, clock } = this.#ports;
    const log = broker.log(this.#net);
    if (this.#entry === null) {
      this.#from = this.#saved = position.safeParse((await this.#bucket.get(this.#key))?.value).data?.seq ?? 0;
      this.#entry = (await entryAfter(broker, this.#net, this.#from)) - 1;
    }
    const { last } = await log.bounds();
    const spans: Span[] = [];
    if (last > this.#entry)
      this.#entry = await log.read(this.#entry, ({ events }) => {
        for (const event of events) if (event.seq > this.#from) spans.push(...this.#tracer.take(event));
      });
    spans.push(...this.#tracer.rested(clock.now()));
    const fresh = this.#saved === 0 ? spans.filter(({ to }) => to > clock.now() - LOOK_BACK_MS) : spans;
    for (let at = 0; at < fresh.length; at += BATCH) await send(this.#ports, fresh.slice(at, at + BATCH));
    const told = this.#tracer.told;
    if (told <= this.#saved) return;
    await this.#bucket.put(this.#key, { seq: told });
    this.#saved = told;
  }

  get #key(): string {
    return `traced.${this.#net}`;
  }
}

async function holdsLease({ clock, id }: ExporterPorts, bucket: KeyValue): Promise<boolean> {
  const stored = await bucket.get("tracer");
  const owner = lease.safeParse(stored?.value).data?.owner;
  const until = z.object({ until: z.number() }).safeParse(stored?.value).data?.until ?? 0;
  if (owner !== undefined && owner !== id && until > clock.now()) return false;
  // Renewed when half of it is over.
  if (owner === id && until - clock.now() > LEASE_MS / 2) return true;
  const value = { owner: id, until: clock.now() + LEASE_MS };
  return (await bucket.put("tracer", value, { expected: stored?.revision ?? 0, ttlMs: LEASE_MS * 2 })) !== null;
}

/** X2. Errors: what fetch throws; an answer that is no success. */
async function send({ collector, stopping, version }: ExporterPorts, spans: Span[]): Promise<void> {
  const response = await fetch(collector.url, {
    method: "POST",
    headers: { "content-type": "application/json", ...collector.headers },
    body: JSON.stringify(otlpJson(spans, { "service.name": collector.service, "service.version": version })),
    signal: AbortSignal.any([stopping, AbortSignal.timeout(10_000)]),
  });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`the collector answered ${response.status}`);
}

function pause({ clock, stopping }: ExporterPorts, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      timer.cancel();
      stopping.removeEventListener("abort", over);
      resolve();
    };
    const timer = clock.after(ms, over);
    stopping.addEventListener("abort", over);
  });
}

/** As the OpenTelemetry environment variables say it (OTLP exporter specification); null where no endpoint is named. */
export function collectorFrom(env: Readonly<Record<string, string | undefined>>): Collector | null {
  const whole = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  const base = env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (!whole && !base) return null;
  const headers = [env.OTEL_EXPORTER_OTLP_HEADERS, env.OTEL_EXPORTER_OTLP_TRACES_HEADERS]
    .flatMap((text) => (text ?? "").split(","))
    .flatMap((pair) => {
      const cut = pair.indexOf("=");
      return cut < 1 ? [] : [[pair.slice(0, cut).trim(), decodeURIComponent(pair.slice(cut + 1).trim())]];
    });
  return {
    url: whole ?? `${String(base).replace(/\/$/, "")}/v1/traces`,
    headers: Object.fromEntries(headers) as Record<string, string>,
    service: env.OTEL_SERVICE_NAME ?? "petrel",
  };
}
