/** What the stubs of the model APIs answer, and how they misbehave. */
import http from "node:http";
import { freePort } from "./free-port.ts";

export interface StubTurn {
  text?: string;
  tools?: { name: string; input?: unknown; raw?: string; custom?: boolean }[];
  usage?: { input: number; output: number; cacheRead?: number; cacheWrite?: number };
  /** Answers with this HTTP status and an error body; `text` is its message. */
  status?: number;
  errorType?: string;
  headers?: Record<string, string>;
  delayMs?: number;
  /** Ends with the provider's own refusal. */
  refusal?: string;
  /** Ends as if the output limit had been met. */
  length?: boolean;
  /** Anthropic only: a thinking block before the rest. */
  thinking?: string;
  /** Stops after the text: `hang` leaves the connection open, `cut` destroys it, `end` closes it politely without the last event. */
  after?: "hang" | "cut" | "end";
  /** An error event in the middle of the stream. */
  streamError?: string;
}

export interface StubRequest {
  method: string;
  path: string;
  headers: http.IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: a body is what the SDK sent, read field by field in assertions
  body: any;
}

export interface Stub {
  url: string;
  requests: StubRequest[];
  /** Turns for the conversations to come; the turn is the number of answers since the last plain user message. */
  turns: StubTurn[];
  /** Connections that the caller closed before the answer was whole. */
  aborted: number;
  close(): Promise<void>;
}

export type StubHandler = (request: StubRequest, response: http.ServerResponse, stub: Stub) => void | Promise<void>;

export async function startStub(turns: StubTurn[], handle: StubHandler): Promise<Stub> {
  const server = http.createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("close", () => {
      if (!response.writableEnded) stub.aborted++;
    });
    incoming.on("end", () => {
      const url = new URL(incoming.url ?? "/", "http://stub");
      const request = {
        method: incoming.method ?? "",
        path: url.pathname,
        headers: incoming.headers,
        body: parse(Buffer.concat(chunks).toString()),
      };
      stub.requests.push(request);
      void Promise.resolve(handle(request, response, stub)).catch(() => response.destroy());
    });
  });
  // Asked after its end too: then nobody else may be there.
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const stub: Stub = {
    url: `http://127.0.0.1:${port}`,
    requests: [],
    turns,
    aborted: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return stub;
}

export function sendJson(response: http.ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

/** A script may stand in the prompt itself: `<<SCRIPT [turns] SCRIPT>>`. */
export function scriptIn(text: string): StubTurn[] | null {
  const match = /<<SCRIPT([\s\S]*?)SCRIPT>>/.exec(text);
  return match ? (parse(match[1] ?? "") as StubTurn[] | null) : null;
}

export function pieces(text: string, size: number): string[] {
  return text.match(new RegExp(`[\\s\\S]{1,${size}}`, "g")) ?? [];
}

/** True when the answer goes on to its end. */
export function mayFinish(turn: StubTurn, response: http.ServerResponse): boolean {
  if (turn.after === "cut") response.destroy();
  if (turn.after === "end") response.end();
  return turn.after === undefined;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
