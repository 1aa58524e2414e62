/** Where the managed server listens and whether by TLS; without it: plainly on loopback. */
import type { ServerTls } from "./broker-tls.ts";

export interface ServerListening {
  host: string;
  tls: ServerTls;
}

/** What stands in the server's config file. */
export function listenText(listening: ServerListening | undefined, port: number): string {
  const { host = "127.0.0.1", tls } = listening ?? {};
  const listen = `listen: ${JSON.stringify(`${host.includes(":") ? `[${host}]` : host}:${port}`)}`;
  return tls ? `${listen}\ntls { cert_file: ${JSON.stringify(tls.cert)}, key_file: ${JSON.stringify(tls.key)}, timeout: 5 }` : listen;
}

/** The server's own word for where it is, as the processes of this machine reach it. */
export function addressFor(url: string, local: string | null): string {
  return local === null ? url : `tls://${local.includes(":") ? `[${local}]` : local}:${new URL(url.replace(/^(nats|tls):/, "http:")).port}`;
}
