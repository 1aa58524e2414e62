/**
 * Why a server lets a user in no more. Beyond the number of connections of an account it says so and hangs up; the client waits for its
 * answer all the same and then speaks of a timeout. So the server is asked once more, without the client.
 */
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { Retryable } from "../contract/errors.ts";
import { clientTls } from "./server/broker-tls.ts";
import { hasJwt, type Login, loginOptions } from "./server/login.ts";

const ASK_MS = 3000;
const PORT = 4222;

interface Asked extends Login {
  /** Addresses with commas between. */
  url: string;
  ca?: string;
}

/** The server's own words, like `maximum account active connections exceeded`; null when none says any. */
export async function refusalOf(asked: Asked): Promise<string | null> {
  for (const url of asked.url.split(",")) {
    // An address or a key that cannot be read is nobody who could answer.
    const said = await askOne(asked, url).catch(() => null);
    if (said !== null) return said;
  }
  return null;
}

/** Null when `said` is about something else. */
export function tooManyConnections(said: string | null, { url, user, password }: Asked, cause?: unknown): Retryable | null {
  if (said === null || !/maximum .*connections exceeded/i.test(said)) return null;
  const who = hasJwt({ user, password }) ? "these credentials" : `the user ${user}`;
  return new Retryable({
    code: "too-many-connections",
    message: `the broker at ${url} lets in no more connections with ${who}: as many as they may have are there (${said})`,
    hint: "end one that is not needed (petrel executor ls shows who is there), or make other ones: petrel executor enroll NAME",
    cause,
  });
}

function askOne(asked: Asked, url: string): Promise<string | null> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(url.includes("://") ? url.replace(/^(tls|nats):/, "$1x:") : `natsx://${url}`);
    const host = hostname.replace(/^\[|\]$/g, "");
    const login = loginOptions(asked);
    const { tls } = clientTls(asked.url, asked.ca);
    let informed = false;
    let socket: Socket = connectTcp({ host, port: Number(port) || PORT });
    const timer = setTimeout(() => end(null), ASK_MS);
    const end = (said: string | null) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(said);
    };
    const hear = () => {
      let heard = "";
      socket.on("error", () => end(null));
      socket.on("close", () => end(null));
      socket.on("data", (chunk: Buffer) => {
        heard += chunk.toString("latin1");
        const [, said] = /^-ERR '(.*)'\r?$/m.exec(heard) ?? [];
        if (said !== undefined || /^PONG\r?$/m.test(heard)) return end(said ?? null);
        const [info] = /^INFO .*\r\n/m.exec(heard) ?? [];
        if (info === undefined || informed) return;
        informed = true;
        const greet = () => void socket.write(hello(login, /"nonce":"([^"]*)"/.exec(info)?.[1]));
        // As the client does it: no user and no password goes in the clear to a server that has TLS, or to one that is not who it should be.
        if (tls === undefined && !/"tls_(required|available)":\s*true/.test(info)) return greet();
        socket.removeAllListeners();
        socket = connectTls({ socket, host, ...tls });
        hear();
        socket.once("secureConnect", greet);
      });
    };
    hear();
  });
}

function hello({ authenticator, ...plain }: ReturnType<typeof loginOptions>, nonce: string | undefined): string {
  const [signs] = [authenticator].flat();
  return `CONNECT ${JSON.stringify({ verbose: false, pedantic: false, lang: "petrel", version: "1", ...plain, ...(signs?.(nonce) ?? {}) })}\r\nPING\r\n`;
}
