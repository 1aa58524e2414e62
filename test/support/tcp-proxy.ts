/** A wire that a test breaks: a TCP proxy on its own port, before a server that knows nothing of it. */
import { type AddressInfo, createServer, type Server, type Socket, connect as tcpConnect } from "node:net";

interface Pair {
  client: Socket;
  server: Socket;
}

export class TcpProxy {
  readonly port: number;
  readonly #listener: Server;
  readonly #pairs = new Set<Pair>();
  #mode: "open" | "cut" | "silent" = "open";
  #delayMs = 0;
  /** Connections that were accepted, for a test that asks whether its fault was felt. */
  accepted = 0;

  private constructor(listener: Server, target: { host: string; port: number }) {
    this.#listener = listener;
    this.port = (listener.address() as AddressInfo).port;
    listener.on("connection", (client) => this.#join(client, target));
  }

  /** `target`: like `nats://127.0.0.1:4222`. */
  static async start(target: string): Promise<TcpProxy> {
    const listener = createServer();
    await new Promise<void>((done) => listener.listen(0, "127.0.0.1", done));
    const { hostname: host, port } = new URL(target);
    return new TcpProxy(listener, { host, port: Number(port) });
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Ends all connections and lets in no others. */
  cut(): void {
    this.#mode = "cut";
    for (const pair of this.#pairs) this.#end(pair);
  }
  /** Half open: connections stand, and nothing comes through any more, as when a cable is pulled. */
  silence(): void {
    this.#mode = "silent";
    for (const { client, server } of this.#pairs) {
      client.pause();
      server.pause();
    }
  }
  /** Whole again. What waited in silence comes through late. */
  mend(): void {
    this.#mode = "open";
    for (const { client, server } of this.#pairs) {
      client.resume();
      server.resume();
    }
  }
  /** Everything takes so much longer, each way. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  async end(): Promise<void> {
    this.cut();
    await new Promise((done) => this.#listener.close(done));
  }

  #join(client: Socket, target: { host: string; port: number }): void {
    if (this.#mode === "cut") return void client.destroy();
    this.accepted += 1;
    const pair = { client, server: tcpConnect(target) };
    this.#pairs.add(pair);
    this.#pipe(client, pair.server, pair);
    this.#pipe(pair.server, client, pair);
    if (this.#mode === "silent") this.silence();
  }

  #pipe(from: Socket, to: Socket, pair: Pair): void {
    from.on("data", (bytes) => {
      if (this.#delayMs === 0) to.write(bytes);
      else setTimeout(() => to.writable && to.write(bytes), this.#delayMs);
    });
    from.on("error", () => this.#end(pair));
    from.on("close", () => this.#end(pair));
  }

  #end(pair: Pair): void {
    this.#pairs.delete(pair);
    pair.client.destroy();
    pair.server.destroy();
  }
}
