/** A collector on this machine that takes OTLP over HTTP with JSON, and keeps each span by its id. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  status: { code: number; message?: string };
  attributes: Record<string, string | number | boolean>;
}
interface Wire {
  resourceSpans: {
    scopeSpans: {
      schemaUrl?: string;
      spans: (Omit<ReceivedSpan, "attributes"> & { attributes: { key: string; value: Record<string, string> }[] })[];
    }[];
  }[];
}

export async function otlpReceiver() {
  const spans = new Map<string, ReceivedSpan>();
  const schemas = new Set<string | undefined>();
  const headers: Record<string, unknown>[] = [];
  let away = false;
  let refused = 0;
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      if (away || request.url !== "/v1/traces") {
        refused += 1;
        response.writeHead(503).end();
        return;
      }
      headers.push(request.headers);
      const body = JSON.parse(Buffer.concat(pieces).toString()) as Wire;
      for (const { scopeSpans } of body.resourceSpans)
        for (const scope of scopeSpans) {
          schemas.add(scope.schemaUrl);
          for (const { attributes, ...span } of scope.spans)
            spans.set(span.spanId, {
              ...span,
              attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0] ?? ""])),
            });
        }
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    headers,
    schemas,
    /** Answers 503 until it is back. */
    set away(is: boolean) {
      away = is;
    },
    get refused() {
      return refused;
    },
    named: (name: string) => [...spans.values()].filter((span) => span.name === name),
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
