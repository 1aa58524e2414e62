/** The client against real servers on loopback: C1, C2, C3 and the limits. */
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { httpClient } from "../../src/http/client.ts";
import type { LookUp } from "../../src/http/guarded-connector.ts";
import type { HttpPort, HttpRequest } from "../../src/http/port.ts";
import { httpServer, json, type TestHttpServer } from "../support/http-server.ts";
import { wallClock } from "../support/nats-server.ts";

const open: { stop?(): Promise<void>; close?(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await (each.close ?? each.stop)?.();
});

async function server(...how: Parameters<typeof httpServer>): Promise<TestHttpServer> {
  const one = await httpServer(...how);
  open.push(one);
  return one;
}
function client(allow: string[] | null = ["127.0.0.1"], lookUp?: LookUp): HttpPort {
  const one = httpClient({ clock: wallClock, allow, ...(lookUp ? { lookUp } : {}) });
  open.push(one);
  return one;
}
/** A DNS that answers each question with the next of these addresses, and the last one for ever. */
function dns(...addresses: string[]): LookUp & { asked: number } {
  const look = Object.assign(
    ((_host, _options, done) => {
      const address = addresses[Math.min(look.asked, addresses.length - 1)] ?? "";
      look.asked += 1;
      done(null, [{ address, family: address.includes(":") ? 6 : 4 }]);
    }) as LookUp,
    { asked: 0 },
  );
  return look;
}
const request = (url: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
  method: "GET",
  url,
  headers: {},
  body: null,
  key: "net/step/f-1",
  success: ["2xx"],
  redirects: 5,
  maxBytes: 100_000,
  allow: null,
  sensitive: [],
  strip: (bytes) => bytes,
  ...more,
});
const never = new AbortController().signal;
const failure = async (port: HttpPort, asked: HttpRequest) => {
  const done = await port.send(asked, never);
  if (!("error" in done)) throw new Error("it went through");
  return done.error;
};

describe("a request", () => {
  it("carries the key and its body, and brings status, headers and bytes back", async () => {
    const one = await server((_, response) => json(response, { a: 1 }, 201, { "set-cookie": "s=1", etag: '"x"' }));
    const done = await client().send(
      request(`${one.url}/p?q=1`, { method: "POST", body: Buffer.from("hi"), headers: { "x-a": "1" } }),
      never,
    );
    expect(one.asked).toEqual([expect.objectContaining({ method: "POST", url: "/p?q=1", body: "hi" })]);
    expect(one.asked[0]?.headers).toMatchObject({ "idempotency-key": "net/step/f-1", "x-a": "1" });
    expect(done.facts).toEqual({ method: "POST", host: `127.0.0.1:${one.port}`, status: 201, size: 7 });
    if ("error" in done) throw done.error;
    expect(done.answer).toMatchObject({ status: 201, type: "application/json", headers: { etag: '"x"' } });
    expect(done.answer.headers).not.toHaveProperty("set-cookie");
  });

  it("tells what may pass from what will not, and how long to stay away", async () => {
    const one = await server();
    const port = client();
    one.answer((_, response) => json(response, { why: "busy" }, 503, { "retry-after": "7" }));
    expect(await failure(port, request(one.url))).toMatchObject({ outlook: "retryable", code: "http-status", retryAfterMs: 7000 });
    one.answer((_, response) => json(response, { why: "no such thing" }, 404));
    expect(await failure(port, request(one.url))).toMatchObject({ outlook: "terminal", message: expect.stringContaining("no such thing") });
    const good = await port.send(request(one.url, { success: [404] }), never);
    expect("error" in good).toBe(false);
    one.answer((_, response) => void response.socket?.destroy());
    expect(await failure(port, request(one.url))).toMatchObject({ outlook: "retryable", code: "http-unreachable" });
    await one.stop();
    expect(await failure(port, request(one.url))).toMatchObject({ outlook: "retryable", message: expect.stringContaining("ECONNREFUSED") });
  });

  it("takes no more bytes than it may, said before, sent, or unpacked", async () => {
    const one = await server((_, response) => response.writeHead(200, { "content-length": "200000" }).end("x".repeat(200_000)));
    const port = client();
    expect(await failure(port, request(one.url))).toMatchObject({ code: "http-answer-too-big" });
    one.answer((_, response) => {
      // By way of the event loop: newer versions of Node call a write's callback at once, and it would see nobody go.
      const more = (): void => void (response.destroyed || response.write("x".repeat(10_000), () => setImmediate(more)));
      more();
    });
    expect(await failure(port, request(one.url))).toMatchObject({ code: "http-answer-too-big" });
    one.answer((_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(5_000_000))));
    expect(await failure(port, request(one.url))).toMatchObject({ code: "http-answer-too-big" });
    one.answer((_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("hello")));
    const done = await port.send(request(one.url), never);
    expect("answer" in done && Buffer.from(done.answer?.body ?? []).toString()).toBe("hello");
  });

  it("ends with the signal, whatever the server does", async () => {
    const one = await server(() => {});
    const abort = new AbortController();
    const sent = client().send(request(one.url), abort.signal);
    abort.abort(new Error("called off"));
    await expect(sent).rejects.toThrow("called off");
  });

  it.each(["ftp://example.com/", "file:///etc/passwd", "http://user:pass@127.0.0.1/", "nonsense", "http://"])(
    "to %s is refused",
    async (url) => {
      const error = await failure(client(), request(url));
      expect(error).toMatchObject({ outlook: "terminal", code: "http-bad-url" });
      expect(`${error.message}${error.hint}`).not.toContain("pass@");
    },
  );
});

describe("addresses (C1)", () => {
  it.each([
    ["loopback", (port: number) => `http://127.0.0.1:${port}/`],
    ["loopback in another spelling", (port: number) => `http://0x7f.1:${port}/`],
    ["loopback as a number", (port: number) => `http://2130706433:${port}/`],
    ["loopback inside IPv6", (port: number) => `http://[::ffff:127.0.0.1]:${port}/`],
    ["no address at all", (port: number) => `http://0.0.0.0:${port}/`],
    ["its name", (port: number) => `http://localhost:${port}/`],
  ])("%s is refused without a list", async (_, url) => {
    const one = await server();
    expect(await failure(client(null), request(url(one.port)))).toMatchObject({ outlook: "refused", code: "http-host-refused" });
    expect(one.asked).toEqual([]);
  });

  it("a public name that points inwards is refused, and the answer does not tell where to", async () => {
    const one = await server();
    const error = await failure(client(null, dns("127.0.0.1")), request(`http://rebound.example:${one.port}/`));
    expect(error).toMatchObject({ code: "http-host-refused" });
    expect(error.message).not.toContain("127.0.0.1");
    expect(one.asked).toEqual([]);
  });

  it("what the look-up said first is what is connected to: a DNS that changes its mind gains nothing", async () => {
    const one = await server();
    // The first answer is public and leads nowhere here; were the name asked again, it would lead inwards.
    const rebinding = dns("192.0.2.1", "127.0.0.1");
    const port = client(["*", "192.0.2.1"], rebinding);
    const abort = new AbortController();
    const sent = port.send(request(`http://rebound.example:${one.port}/`), abort.signal);
    await expect.poll(() => rebinding.asked).toBe(1);
    expect(await failure(port, request(`http://rebound.example:${one.port}/`))).toMatchObject({ code: "http-host-refused" });
    abort.abort(new Error("enough"));
    await sent.catch(() => {});
    expect(one.asked).toEqual([]);
  });

  it("a connection that one net may use is not another net's", async () => {
    const one = await server();
    const port = client();
    await port.send(request(one.url, { allow: ["127.0.0.1"] }), never);
    expect(await failure(port, request(one.url, { allow: ["api.example.com"] }))).toMatchObject({ code: "http-host-refused" });
    expect(one.asked).toHaveLength(1);
  });

  it("a name that no list can mean is not even looked up", async () => {
    const look = dns("93.184.216.34");
    expect(await failure(client(["api.example.com"], look), request("http://other.example/"))).toMatchObject({ code: "http-host-refused" });
    expect(look.asked).toBe(0);
  });
});

describe("redirects (C2)", () => {
  it("are followed in one origin, with everything, and a POST becomes a GET as everywhere", async () => {
    const one = await server((asked, response) =>
      asked.url === "/end" ? json(response, asked.method) : void response.writeHead(302, { location: "/end" }).end(),
    );
    const done = await client().send(
      request(`${one.url}/start`, { method: "POST", body: Buffer.from("x"), headers: { authorization: "a" } }),
      never,
    );
    expect(done.facts).toMatchObject({ status: 200, redirects: 1 });
    expect(one.asked[1]).toMatchObject({ method: "GET", body: "", headers: { authorization: "a", "idempotency-key": "net/step/f-1" } });
  });

  it("to another origin go without credentials, secrets and key", async () => {
    const other = await server((_, response) => json(response, 1));
    const one = await server((_, response) => response.writeHead(307, { location: `${other.url}/x` }).end());
    const headers = { authorization: "Bearer s3cret", cookie: "c=1", "x-api-key": "s3cret", "x-plain": "yes" };
    const done = await client().send(request(one.url, { headers, sensitive: ["x-api-key"] }), never);
    expect(done.facts.status).toBe(200);
    expect(other.asked[0]?.headers).toMatchObject({ "x-plain": "yes" });
    for (const name of ["authorization", "cookie", "x-api-key", "idempotency-key"])
      expect(other.asked[0]?.headers).not.toHaveProperty(name);
  });

  it("never carry a change to another origin, and lead nowhere that is not allowed", async () => {
    const other = await server();
    const one = await server((_, response) => response.writeHead(308, { location: other.url }).end());
    expect(await failure(client(), request(one.url, { method: "PUT", body: Buffer.from("x") }))).toMatchObject({
      code: "http-redirect-refused",
    });
    const narrow = client([`127.0.0.1:${one.port}`]);
    expect(await failure(narrow, request(one.url))).toMatchObject({ code: "http-host-refused" });
    one.answer((_, response) => response.writeHead(302, { location: "file:///etc/passwd" }).end());
    expect(await failure(narrow, request(one.url))).toMatchObject({ code: "http-bad-url" });
    expect(other.asked).toEqual([]);
  });

  it("end", async () => {
    const one = await server((_, response) => response.writeHead(302, { location: "/again" }).end());
    expect(await failure(client(), request(one.url, { redirects: 3 }))).toMatchObject({ code: "http-redirects" });
    expect(one.asked).toHaveLength(4);
    expect(await failure(client(), request(one.url, { redirects: 0 }))).toMatchObject({ code: "http-status" });
  });
});
