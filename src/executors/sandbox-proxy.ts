/**
 * The way out of a sandbox whose network is a list of hosts: inside there is loopback alone, and what listens there hands everything to this
 * proxy, by a socket in the file system. No port is opened.
 *
 * N1 Only what the machine's policy names is reached, by name and port, whatever the command asks for and however it asks.
 * N2 An address of this machine or its network is reached only when it is listed as such: a listed name that leads there does not do.
 */
import { lookup } from "node:dns/promises";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { BlockList, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { hostMatches } from "./machine-policy.ts";

export interface SandboxProxy {
  /** The socket, in a folder of its own. */
  socket: string;
  stop(): Promise<void>;
}

const OWN = ownAddresses();
const CONNECT_MS = 30_000;

/** `hosts`: as in the machine's policy. */
export async function startSandboxProxy(hosts: readonly string[]): Promise<SandboxProxy> {
  const dir = mkdtempSync(join(tmpdir(), "petrel-proxy-"));
  const socket = join(dir, "proxy");
  const open = new Set<Socket>();
  const server = createServer((asked, answer) => void forward(hosts, asked, answer));
  server.on("connect", (asked: IncomingMessage, inside: Duplex) => void tunnel(hosts, asked, inside));
  server.on("connection", (one: Socket) => {
    open.add(one);
    one.on("error", () => one.destroy()).once("close", () => open.delete(one));
  });
  await new Promise<void>((done, failed) => server.once("error", failed).listen(socket, done));
  return {
    socket,
    stop: async () => {
      for (const one of open) one.destroy();
      await new Promise<void>((done) => server.close(() => done()));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

interface Way {
  address: string;
  port: number;
}

/** Where to connect to; a text says why not. */
async function wayTo(hosts: readonly string[], host: string, port: number): Promise<Way | string> {
  const where = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const fitting = hosts.filter((pattern) => hostMatches(where, pattern));
  if (fitting.length === 0)
    return `the policy of this executor does not let commands reach ${where}; it lists ${hosts.join(", ") || "no host"}`;
  const { address, family } = await lookup(host);
  // N2. `localhost` and addresses that are listed in so many words are meant.
  const isMeant = fitting.some((pattern) => /^(localhost|[\d.]+|\[[0-9a-f:.]+\])(:\d+)?$/i.test(pattern));
  if (!isMeant && OWN.check(address, family === 6 ? "ipv6" : "ipv4"))
    return `${where} leads to ${address}, an address of this network, which must be listed itself`;
  return { address, port };
}

async function tunnel(hosts: readonly string[], { url = "" }: IncomingMessage, inside: Duplex): Promise<void> {
  const refuse = (status: string, why: string) =>
    inside.end(`HTTP/1.1 ${status}\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n${why}\n`);
  inside.on("error", () => inside.destroy());
  const [, bracketed, plain, port = ""] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:/]+)):(\d{1,5})$/.exec(url) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) return void refuse("400 Bad Request", "CONNECT wants HOST:PORT");
  const way = await wayTo(hosts, host, Number(port)).catch((error: Error) => error);
  if (typeof way === "string") return void refuse("403 Forbidden", way);
  if (way instanceof Error) return void refuse("502 Bad Gateway", way.message);
  const outside = connect({ host: way.address, port: way.port, timeout: CONNECT_MS });
  outside.once("timeout", () => outside.destroy(new Error("it did not answer in time")));
  let joined = false;
  outside.once("connect", () => {
    joined = true;
    outside.setTimeout(0);
    inside.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    outside.pipe(inside).pipe(outside);
  });
  outside.once("error", (error) => (joined ? inside.destroy() : refuse("502 Bad Gateway", error.message)));
  inside.once("close", () => outside.destroy());
}

/** Plain HTTP, as `http_proxy` has it: the whole address in the first line. */
async function forward(hosts: readonly string[], asked: IncomingMessage, answer: ServerResponse): Promise<void> {
  const refuse = (status: number, why: string) => void answer.writeHead(status, { "content-type": "text/plain" }).end(`${why}\n`);
  const url = URL.canParse(asked.url ?? "") ? new URL(asked.url ?? "") : null;
  if (url?.protocol !== "http:") return refuse(400, "this is a proxy: ask it for http://HOST/..., or CONNECT");
  const port = Number(url.port || 80);
  const way = await wayTo(hosts, url.hostname.replace(/^\[|\]$/g, ""), port).catch((error: Error) => error);
  if (typeof way === "string") return refuse(403, way);
  if (way instanceof Error) return refuse(502, way.message);
  const { "proxy-connection": _, "proxy-authorization": __, ...headers } = asked.headers;
  const outside = httpRequest(
    // The host that was checked, not the one that a header names.
    {
      host: way.address,
      port: way.port,
      method: asked.method,
      path: `${url.pathname}${url.search}`,
      headers: { ...headers, host: url.host },
    },
    (came) => {
      answer.writeHead(came.statusCode ?? 502, came.headers);
      came.pipe(answer);
    },
  );
  outside.once("error", (error) => (answer.headersSent ? answer.destroy() : refuse(502, error.message)));
  answer.once("close", () => outside.destroy());
  asked.pipe(outside);
}

function ownAddresses(): BlockList {
  const list = new BlockList();
  for (const [net, bits] of [
    ["0.0.0.0", 8],
    ["10.0.0.0", 8],
    ["100.64.0.0", 10],
    ["127.0.0.0", 8],
    ["169.254.0.0", 16],
    ["172.16.0.0", 12],
    ["192.168.0.0", 16],
  ] as const)
    list.addSubnet(net, bits, "ipv4");
  for (const [net, bits] of [
    ["::", 127],
    ["fc00::", 7],
    ["fe80::", 10],
    ["::ffff:0:0", 96],
  ] as const)
    list.addSubnet(net, bits, "ipv6");
  return list;
}
