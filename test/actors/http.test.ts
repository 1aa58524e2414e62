/** `http` transitions in the engine: R1 to R3, retries, answers, and secrets that appear nowhere (S1 to S3). */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NetEvent } from "../../src/contract/event.ts";
import { httpClient } from "../../src/http/client.ts";
import { secretSource } from "../../src/http/secrets.ts";
import { goldenEvents } from "../support/golden-events.ts";
import { httpServer, json, type TestHttpServer } from "../support/http-server.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { wallClock } from "../support/nats-server.ts";
import { waitUntil } from "../support/wait-until.ts";

let kit: MasterKit;
let server: TestHttpServer;
let folder: string;
const env: Record<string, string> = {};
const client = httpClient({ clock: wallClock, allow: ["127.0.0.1"] });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "petrel-http-"));
  server = await httpServer((_, response) => json(response, { ok: true }));
  kit = await masterKit({ http: { client, secrets: secretSource(join(folder, "secrets.json"), env) } });
});
afterEach(async () => {
  await kit.stop();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
  for (const name of Object.keys(env)) delete env[name];
});

const net = (fields: object, out: object[] = [{ to: "end" }, { to: "wrong", error: true }]) => ({
  net: "web",
  places: { start: { open: true }, end: { sink: true }, wrong: { sink: true } },
  transitions: {
    ask: { kind: "http", url: `${server.url}/x`, retry: { max: 4, delay: "5ms" }, in: [{ place: "start", as: "job" }], out, ...fields },
  },
});
const events = async (name = "web"): Promise<NetEvent[]> => {
  const all: NetEvent[] = [];
  await kit.broker.log(name).read(0, (entry) => void all.push(...entry.events));
  return all;
};
const tokens = (place: string, name = "web") => [...(kit.stateOf(name).places.get(place)?.values() ?? [])].map(({ token }) => token);
const arrives = (place: string, count = 1, name = "web") =>
  waitUntil(`${count} in ${place}`, () => tokens(place, name).length === count && kit.stateOf(name).firings.size === 0);
const run = async (fields: object, data: unknown = {}, out?: object[]) => {
  await kit.ask(null, "apply-net", { definition: net(fields, out) });
  await kit.put("web", "start", data);
  await waitUntil("it is over", () => tokens("end").length + tokens("wrong").length === 1 && kit.stateOf("web").firings.size === 0);
  return (tokens("end")[0] ?? tokens("wrong")[0])?.data as { [key: string]: never };
};

describe("examples/kinds/http.json", () => {
  it("against 503, 503, 200: one success token, three logged attempts, and the golden events", async () => {
    env.PETREL_SECRET_SHOP_TOKEN = "shop-s3cret-token";
    const statuses = [503, 503, 200];
    server.answer((_, response) => json(response, { price: 12 }, statuses.shift() ?? 500));
    await kit.ask(null, "apply-net", { definition: JSON.parse(readFileSync("examples/kinds/http.json", "utf8")) });
    await kit.put("kinds-http", "wanted", { article: "lamp", shop: server.url });
    await arrives("priced", 1, "kinds-http");
    expect(tokens("priced", "kinds-http").map(({ data }) => data)).toEqual([{ article: "lamp", price: 12 }]);
    const [one] = server.asked;
    expect(one).toMatchObject({ method: "POST", url: "/prices?currency=EUR", body: '{"article":"lamp"}' });
    expect(one?.headers).toMatchObject({ authorization: "Bearer shop-s3cret-token", "content-type": "application/json" });
    const log = await events("kinds-http");
    const firing = log.find(({ type }) => type === "fired")?.firing;
    expect(server.asked.map(({ headers }) => headers["idempotency-key"])).toEqual(Array(3).fill(`kinds-http/ask-price/${firing}`));
    expect(goldenEvents(log)).toEqual(JSON.parse(readFileSync("examples/kinds/http.events.json", "utf8")));
    const fired = log.find(({ type }) => type === "fired");
    expect(fired?.attributes).toMatchObject({
      method: "POST",
      host: `127.0.0.1:${server.port}`,
      status: 200,
      size: 12,
      durationMs: expect.any(Number),
    });
  });
});

describe("answers", () => {
  it("JSON, text and bytes are what they are", async () => {
    server.answer((_, response) => json(response, { list: [1, 2] }, 200, { etag: '"1"' }));
    const answer = await run({}, {});
    expect(answer).toMatchObject({ status: 200, type: "application/json", body: { list: [1, 2] }, headers: { etag: '"1"' } });
  });

  it("text stays text while it is short, and becomes an artefact when it is not", async () => {
    server.answer((_, response) => void response.writeHead(200, { "content-type": "text/plain; charset=utf-8" }).end("grüße"));
    expect(await run({})).toMatchObject({ body: "grüße", type: "text/plain" });
    server.answer((_, response) => void response.writeHead(200, { "content-type": "text/csv" }).end("a,b\n".repeat(50_000)));
    await kit.put("web", "start", {});
    await arrives("end", 2);
    const { body } = (tokens("end")[1]?.data ?? {}) as unknown as { body: { $artifact: string; size: number; type: string } };
    expect(body).toMatchObject({ size: 200_000, type: "text/csv" });
    expect(Buffer.from((await kit.broker.artifacts.get(body.$artifact)) ?? []).toString()).toBe("a,b\n".repeat(50_000));
  });

  it("text is read by the charset that the server names, a long one lies in the store as UTF-8, and JSON may begin with a mark", async () => {
    const latin = (text: string) => Buffer.from(text, "latin1");
    server.answer(
      (_, response) => void response.writeHead(200, { "content-type": 'text/plain; Charset="ISO-8859-1"' }).end(latin("größe")),
    );
    expect(await run({})).toMatchObject({ body: "größe", type: "text/plain" });
    server.answer(
      (_, response) => void response.writeHead(200, { "content-type": "text/csv; charset=windows-1252" }).end(latin("ä".repeat(40_000))),
    );
    await kit.put("web", "start", {});
    await arrives("end", 2);
    const { body } = (tokens("end")[1]?.data ?? {}) as unknown as { body: { $artifact: string } };
    expect(Buffer.from((await kit.broker.artifacts.get(body.$artifact)) ?? []).toString()).toBe("ä".repeat(40_000));
    server.answer(
      (_, response) => void response.writeHead(200, { "content-type": "application/json; charset=made-up" }).end('\ufeff{"n":1}'),
    );
    await kit.put("web", "start", {});
    await arrives("end", 3);
    expect(tokens("end")[2]?.data).toMatchObject({ body: { n: 1 } });
  });

  it("bytes become an artefact, which a further request can send", async () => {
    const bytes = Buffer.from([0, 255, 1, 254, 128]);
    server.answer((_, response) => void response.writeHead(200, { "content-type": "image/png" }).end(bytes));
    const { body } = await run({});
    expect(body).toMatchObject({ size: 5, type: "image/png", $artifact: expect.any(String) });
    await kit.ask(null, "apply-net", { definition: { ...net({ method: "PUT", body: "${job.picture}" }), net: "send" } });
    await kit.put("send", "start", { picture: body });
    await arrives("end", 1, "send");
    expect(server.asked[1]?.headers).toMatchObject({ "content-type": "image/png", "content-length": "5" });
  });

  it("big JSON can be fanned out whole", async () => {
    const items = Array.from({ length: 300 }, (_, n) => ({ n, text: "x".repeat(1000) }));
    server.answer((_, response) => json(response, items));
    await kit.ask(null, "apply-net", { definition: net({}, [{ to: "end", each: "$result.body", value: { n: "${$item.n}" } }]) });
    await kit.put("web", "start", {});
    await arrives("end", 300);
  });

  it("what is no JSON is an error where JSON is wanted", async () => {
    server.answer((_, response) => void response.end("<html>"));
    expect(await run({ answer: "json" })).toMatchObject({ code: "http-answer-not-json", outlook: "terminal" });
    expect(server.asked).toHaveLength(1);
  });

  it("queries leave out null and repeat arrays, forms are encoded", async () => {
    const headers = { "Content-Type": "application/x-www-form-urlencoded" };
    const fields = {
      method: "POST",
      headers,
      query: { q: "${job.q}", n: "${job.n}", none: "${default(job.none, null)}" },
      body: { a: "${job.q}" },
    };
    await run(fields, { q: "a b&c", n: [1, 2] });
    expect(server.asked[0]).toMatchObject({ url: "/x?q=a+b%26c&n=1&n=2", body: "a=a+b%26c" });
  });
});

describe("failures", () => {
  it("Retry-After is kept: the attempt waits as long as the server says", async () => {
    server.answer((_, response) => json(response, {}, server.asked.length < 2 ? 429 : 200, { "retry-after": "3600" }));
    await kit.ask(null, "apply-net", { definition: net({}) });
    await kit.put("web", "start", {});
    await waitUntil("it waits", () => [...kit.stateOf("web").firings.values()].some(({ notBefore }) => notBefore !== null));
    const [firing] = kit.stateOf("web").firings.values();
    expect((firing?.notBefore ?? 0) - kit.clock.now()).toBeGreaterThan(3_500_000);
    expect(server.asked).toHaveLength(1);
    kit.clock.jump(3_600_000);
    await arrives("end");
    expect(server.asked).toHaveLength(2);
  });

  it("a server that never answers is given up in time, and tried again", async () => {
    server.answer((_, response) => void (server.asked.length > 1 && json(response, 1)));
    await kit.ask(null, "apply-net", { definition: net({ timeout: "1h" }) });
    await kit.put("web", "start", {});
    await waitUntil("it is asked", () => server.asked.length === 1);
    kit.clock.jump(3_600_000);
    await arrives("end");
    expect((await events()).find(({ type }) => type === "failed")?.attributes).toMatchObject({ error: { code: "timeout" } });
  });

  it("a host that is not allowed fails at once, by the net's own list too", async () => {
    expect(await run({ allow: ["api.example.com"] })).toMatchObject({ code: "http-host-refused", outlook: "refused" });
    expect(server.asked).toEqual([]);
  });

  it("a master without hands for it says so", async () => {
    await kit.stop();
    kit = await masterKit();
    expect(await run({})).toMatchObject({ code: "no-http" });
  });
});

describe("control", () => {
  it("no more are open than concurrency allows", async () => {
    let open = 0;
    let most = 0;
    const held: (() => void)[] = [];
    server.answer((_, response) => {
      open += 1;
      most = Math.max(most, open);
      held.push(() => {
        open -= 1;
        json(response, 1);
      });
    });
    await kit.ask(null, "apply-net", { definition: net({ concurrency: 3 }) });
    for (let n = 0; n < 9; n += 1) await kit.put("web", "start", { n });
    await waitUntil("all are through", () => {
      if (open === 3 || server.asked.length + 3 > 9) for (const answer of held.splice(0)) answer();
      return tokens("end").length === 9;
    });
    expect(most).toBe(3);
  });

  it("a kill breaks the request off, and resume makes it again under the same key", async () => {
    let closed = 0;
    server.answer((_, response) => void response.on("close", () => (closed += 1)));
    await kit.ask(null, "apply-net", { definition: net({}) });
    await kit.put("web", "start", {});
    await waitUntil("it is asked", () => server.asked.length === 1);
    await kit.ask(null, "kill");
    await waitUntil("it is broken off", () => closed === 1);
    server.answer((_, response) => json(response, 1));
    await kit.ask(null, "resume");
    await arrives("end");
    const keys = server.asked.map(({ headers }) => headers["idempotency-key"]);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
  });

  it("R1: a master that dies makes the request again, as attempt 2, under the same key", async () => {
    server.answer(() => {});
    await kit.ask(null, "apply-net", { definition: net({}) });
    await kit.put("web", "start", {});
    await waitUntil("it is asked", () => server.asked.length === 1);
    server.answer((_, response) => json(response, 1));
    await kit.crash();
    await arrives("end");
    expect(new Set(server.asked.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
    expect(
      (await events()).filter(({ type }) => type === "fired" || type === "lapsed").map(({ type, attempt }) => [type, attempt]),
    ).toEqual([
      ["lapsed", 2],
      ["fired", 2],
    ]);
  });
});

describe("secrets", () => {
  const SECRET = 'p/ss"w+rd of the shop';
  const fields = {
    method: "POST",
    url: "${job.url}/hook/${secret.shop}",
    headers: { Authorization: "Bearer ${secret.shop_token}" },
    query: { key: "${secret.shop}" },
    body: { password: "${secret.shop}" },
    timeout: "10s",
  };
  const writeSecrets = (secrets: object, mode = 0o600) => writeFileSync(join(folder, "secrets.json"), JSON.stringify(secrets), { mode });

  it("S1: reach the server, and appear in no event, token, error or artefact, even when the server says them back", async () => {
    writeSecrets({ shop: SECRET, shop_token: "tok-1234567890" });
    const echo = (asked: { headers: object; url: string; body: string }) => ({
      ...asked,
      again: encodeURIComponent(SECRET),
      coded: Buffer.from(SECRET).toString("base64"),
    });
    server.answer((asked, response) => {
      const headers = { "x-echo": String(asked.headers.authorization), location: asked.url };
      if (server.asked.length === 1) return json(response, echo(asked), 503, headers);
      if (server.asked.length === 2) return json(response, echo(asked), 200, headers);
      if (server.asked.length === 3) return void response.writeHead(200, { "content-type": "image/png" }).end(`\u0000${SECRET}`);
      json(response, echo(asked), 404, headers);
    });
    await kit.ask(null, "apply-net", { definition: net(fields) });
    for (let n = 1; n <= 3; n += 1) {
      await kit.put("web", "start", { url: server.url, n });
      await waitUntil(`${n} are through`, () => tokens("end").length + tokens("wrong").length === n);
    }
    expect(server.asked[0]?.headers.authorization).toBe("Bearer tok-1234567890");
    expect(JSON.parse(server.asked[0]?.body ?? "")).toEqual({ password: SECRET });
    const artifacts = await Promise.all(tokens("end").map(({ data }) => artifactOf(data)));
    expect(artifacts.join("")).toContain("<secret shop>");
    const everything = JSON.stringify([await events(), [...kit.stateOf("web").places].map(([, all]) => [...all.values()]), artifacts]);
    expect(everything).toContain("<secret shop>");
    expect(everything).toContain("<secret shop_token>");
    for (const form of [
      SECRET,
      "tok-1234567890",
      "ss%22w",
      encodeURIComponent(SECRET),
      "p%2Fss%22w%2Brd+of",
      Buffer.from(SECRET).toString("base64"),
      "w+rd of",
    ])
      expect(everything).not.toContain(form);
  });

  async function artifactOf(data: unknown): Promise<string> {
    const { body } = data as { body: { $artifact?: string } };
    return body?.$artifact ? Buffer.from((await kit.broker.artifacts.get(body.$artifact)) ?? []).toString() : "";
  }

  it("a secret that is not there pauses the net, and goes on when it is", async () => {
    await kit.ask(null, "apply-net", { definition: net(fields) });
    await kit.put("web", "start", { url: server.url });
    await waitUntil("the net is paused", () => kit.stateOf("web").paused);
    expect((await events()).find(({ type }) => type === "paused")?.attributes).toMatchObject({
      code: "secret-missing",
      hint: expect.stringContaining("petrel secret set"),
    });
    writeSecrets({ shop: "one", shop_token: "two" });
    await kit.ask("web", "resume");
    await arrives("end");
    expect(server.asked).toHaveLength(1);
  });

  it("a file that others can read is not read", async () => {
    writeSecrets({ shop: "one", shop_token: "two" }, 0o644);
    await kit.ask(null, "apply-net", { definition: net(fields) });
    await kit.put("web", "start", { url: server.url });
    await waitUntil("the net is paused", () => kit.stateOf("web").paused);
    expect((await events()).find(({ type }) => type === "paused")?.attributes).toMatchObject({ code: "secrets-file" });
    expect(server.asked).toEqual([]);
  });

  it("S2, S3: the environment's other variables are out of reach, and a secret goes to its own hosts alone", async () => {
    env.ANTHROPIC_API_KEY = "k";
    env.PETREL_SECRET_SHOP_TOKEN = "from the environment";
    writeSecrets({ shop: { value: "one", hosts: ["shop.example.com"] } });
    const error = await run({ ...fields }, { url: server.url });
    expect(error).toMatchObject({ code: "secret-host-refused", outlook: "refused" });
    expect(server.asked).toEqual([]);
    await expect(kit.ask(null, "apply-net", { definition: net({ url: `${server.url}/\${secret.ANTHROPIC_API_KEY}` }) })).rejects.toThrow(
      /secret/,
    );
  });

  it.each([
    ["in an expression", { url: "http://a.example/${lower(secret.shop)}" }],
    ["joined to more", { headers: { A: "${secret.shop + '1'}" } }],
    ["as a whole", { body: "${secret}" }],
    ["in a place that is logged", { summary: "${secret.shop}" }],
    ["in an output", {}, [{ to: "end", value: "${secret.shop}" }]],
    ["in a guard", { guard: "secret.shop == 'x'" }],
  ])("%s it is refused before the net runs", async (_, more, out?: object[]) => {
    await expect(kit.ask(null, "apply-net", { definition: net(more, out) })).rejects.toThrow(/secret/);
  });
});
