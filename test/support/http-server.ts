/** A real HTTP server on loopback that a test scripts; it remembers what it was asked. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { freePort } from "./free-port.ts";

export interface Asked {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  body: string;
}
export type Answering = (asked: Asked, response: ServerResponse) => void;

export interface TestHttpServer {
  /** `http://127.0.0.1:PORT` */
  url: string;
  port: number;
  asked: Asked[];
  answer(answering: Answering): void;
  stop(): Promise<void>;
}

export async function httpServer(answering: Answering = (_, response) => response.end(), host = "127.0.0.1"): Promise<TestHttpServer> {
  const asked: Asked[] = [];
  let how = answering;
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const one = {
        method: request.method ?? "",
        url: request.url ?? "",
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      asked.push(one);
      how(one, response);
    });
  });
  // Asked after its end too: then nobody else may be there.
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    port,
    asked,
    answer: (next) => {
      how = next;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function json(response: ServerResponse, value: unknown, status = 200, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
}
