/** What a client may rely on when it writes: a key makes a request count once, a tag keeps others' changes, errors say what is wrong. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Terminal } from "../../src/contract/errors.ts";
import { problemOf } from "../../src/gateway/problem.ts";
import { waitUntil } from "../support/wait-until.ts";
import { type GatewayHouse, gatewayHouse } from "./house.ts";

let house: GatewayHouse;
let [operator, admin] = ["", ""];
beforeAll(async () => {
  house = await gatewayHouse();
  operator = (await house.client("operator", ["petrel:operate"])).token;
  admin = (await house.client("admin", ["petrel:admin"])).token;
});
afterAll(() => house.stop());

const PUT = "/api/nets/shop/places/inbox/tokens";
const post = (path: string, body: unknown, key: string, { token = operator, gateway = house.a } = {}) =>
  house.call(gateway, "POST", path, { token, body, headers: { "idempotency-key": key } });

test("a body that cannot be read, or that the broker does not carry, is refused by a code of ours", async () => {
  const headers = { authorization: `Bearer ${operator}`, "content-type": "application/json" };
  const send = async (body: string, more = {}) => {
    const answer = await fetch(`${house.a.url}${PUT}`, { method: "POST", headers: { ...headers, ...more }, body });
    const { error } = (await answer.json()) as { error: string };
    return [answer.status, error];
  };
  expect(await send("{nope")).toEqual([400, "bad-json"]);
  expect(await send("")).toEqual([400, "bad-json"]);
  expect(await send("<order/>", { "content-type": "text/xml" })).toEqual([415, "unsupported-media-type"]);
  const large = Object.assign(new Error("the body is too large"), { statusCode: 413, code: "FST_ERR_CTP_BODY_TOO_LARGE" });
  for (const error of [large, new Terminal({ code: "message-too-large", message: "more than the broker carries" })])
    expect(problemOf(error).problem).toMatchObject({ status: 413, error: "message-too-large" });
});

describe("Idempotency-Key", () => {
  test("a token is put once, over both gateways; other data or another place is refused, and another client's key is another", async () => {
    const key = "order 4711 / größe: XL, 2026-11-29T00:00:00.000Z";
    const first = await post(PUT, { data: { text: "once" } }, encodeURI(key));
    const again = await post(PUT, { data: { text: "once" } }, encodeURI(key), { gateway: house.b });
    expect([first.status, again.status, again.json.id]).toEqual([201, 201, first.json.id]);
    for (const other of [{ data: { text: "other" } }, { data: { text: "once", more: 1 } }])
      expect((await post(PUT, other, encodeURI(key))).json).toMatchObject({ status: 422, error: "idempotency-key-reused" });
    const { token } = await house.client("second", ["petrel:operate"]);
    const others = await post(PUT, { data: { text: "mine" } }, encodeURI(key), { token });
    expect([others.status, others.json.id === first.json.id]).toEqual([201, false]);
    expect((await post(PUT, { data: { text: "x" } }, "k".repeat(256))).json).toMatchObject({ status: 400, error: "bad-idempotency-key" });
  });

  test("a fork is made once, on whichever gateway it is asked again; with another body the key is refused", async () => {
    const body = { at: "3", as: "copy" };
    const first = await post("/api/nets/shop/fork", body, "fork-1");
    const again = await post("/api/nets/shop/fork", body, "fork-1", { gateway: house.b });
    expect([first.status, again.status, again.json]).toEqual([201, 201, first.json]);
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect((await post("/api/nets/shop/fork", { at: "3", as: "third" }, "fork-1")).json).toMatchObject({
      status: 422,
      error: "idempotency-key-reused",
    });
    expect((await house.call(house.a, "GET", "/api/nets/third/marking", { token: operator })).status).toBe(404);
    // Without the key it is what it always was.
    expect((await house.call(house.a, "POST", "/api/nets/shop/fork", { token: operator, body })).status).toBeGreaterThanOrEqual(400);
  });

  test("two at once do it once", async () => {
    const both = await Promise.all(
      [house.a, house.b].map((gateway) => post("/api/nets/shop/fork", { at: "3", as: "twin" }, "fork-2", { gateway })),
    );
    expect(both.map(({ status }) => status).filter((status) => status === 201).length).toBeGreaterThanOrEqual(1);
    for (const { status, json } of both) expect(status === 201 || json.error === "still-under-way", JSON.stringify(json)).toBe(true);
  });

  test("a change whose answer was lost is answered again, though its tag is old by now", async () => {
    const { headers, json } = await house.call(house.a, "GET", "/api/nets/shop", { token: admin });
    const change = (key: string) =>
      house.call(house.b, "PUT", "/api/nets/shop", {
        token: admin,
        body: { definition: { ...(json.definition as unknown as object), title: "Once" } },
        headers: { "if-match": headers.get("etag") ?? "", "idempotency-key": key },
      });
    const first = await change("put-1");
    expect([first.status, (await change("put-1")).json, (await change("put-2")).status]).toEqual([200, first.json, 412]);
  });

  test("what was refused is not kept: the same request is tried anew", async () => {
    const retry = () => post("/api/nets/later/pause", {}, "pause-1");
    expect((await retry()).status).toBe(404);
    await house.kit.ask(null, "apply-net", {
      definition: { net: "later", places: { a: {} }, transitions: {} },
      by: { user: "ada", roles: [] },
    });
    await waitUntil("it is there", async () => (await retry()).status === 200);
  });
});

describe("tags of a definition", () => {
  const get = () => house.call(house.a, "GET", "/api/nets/shop", { token: admin });
  test("a new net is made under no tag, and not over one that is there", async () => {
    const make = (headers: Record<string, string>) =>
      house.call(house.a, "PUT", "/api/nets/stall", {
        token: admin,
        body: { definition: { net: "stall", places: { a: {} }, transitions: {} } },
        headers,
      });
    for (const tag of ['"abcdef0123"', "*"]) expect((await make({ "if-match": tag })).json, tag).toMatchObject({ status: 412 });
    const made = await make({ "if-none-match": "*" });
    expect(made.status).toBe(200);
    expect(made.headers.get("etag")).toBe(`"${made.json.hash}"`);
    expect((await make({ "if-none-match": "*" })).json).toMatchObject({ status: 412, error: "outdated-base" });
  });

  test("one of several tags is enough, any is named by a star, a weak one never matches; the answer has the new tag", async () => {
    const { json } = await get();
    let title = 0;
    const change = async (tag: (now: string) => string) => {
      const now = (await get()).headers.get("etag") ?? "";
      const definition = { ...(json.definition as unknown as object), title: `Title ${++title}` };
      return house.call(house.a, "PUT", "/api/nets/shop", { token: admin, body: { definition }, headers: { "if-match": tag(now) } });
    };
    const changed = await change((now) => `"${"0".repeat(64)}", ${now}`);
    expect([changed.status, changed.headers.get("etag")]).toEqual([200, (await get()).headers.get("etag")]);
    expect((await change(() => "*")).status).toBe(200);
    for (const tag of [(now: string) => `W/${now}`, () => `"${"0".repeat(64)}"`]) expect((await change(tag)).status).toBe(412);
    const { headers } = await get();
    const same = await house.call(house.a, "GET", "/api/nets/shop", {
      token: admin,
      headers: { "if-none-match": `"x", W/${headers.get("etag")}` },
    });
    expect([same.status, same.headers.get("etag")]).toEqual([304, headers.get("etag")]);
  });

  test("a definition that cannot be is refused as the checker tells it", async () => {
    const put = await house.call(house.a, "PUT", "/api/nets/odd", {
      token: admin,
      body: { definition: { net: "odd", places: {}, transitions: { x: { kind: "nope" } } } },
    });
    expect(put.json).toMatchObject({ status: 422, error: "net-invalid", hint: "POST /api/nets/odd/check tells each with its line" });
    expect(String(put.json.message)).toContain("transitions.x.kind");
  });
});

test("data against a place's schema is 422, a form without a grant is told in OAuth's words", async () => {
  const put = await house.call(house.a, "POST", PUT, { token: operator, body: { data: { no: "text" } } });
  expect(put.json).toMatchObject({ status: 422, error: "schema" });
  const asked = await house.call(house.a, "POST", "/oauth2/token", {
    body: "client_id=x",
    headers: { "content-type": "application/x-www-form-urlencoded" },
  });
  expect([asked.status, asked.json.error]).toEqual([400, "invalid_request"]);
});

test("artefacts: ranges, what is known already, and the rest of something else", async () => {
  const bytes = new TextEncoder().encode("0123456789");
  const { $artifact: id } = await house.kit.broker.artifacts.put(bytes, "text/plain");
  const get = async (headers: Record<string, string>) => {
    const { status, text, headers: said } = await house.call(house.a, "GET", `/api/artifacts/${id}`, { token: operator, headers });
    return [status, text, said.get("content-range")];
  };
  expect(await get({})).toEqual([200, "0123456789", null]);
  expect(await get({ range: "bytes=2-4" })).toEqual([206, "234", "bytes 2-4/10"]);
  expect(await get({ range: "bytes=-3" })).toEqual([206, "789", "bytes 7-9/10"]);
  expect(await get({ range: "bytes=7-99" })).toEqual([206, "789", "bytes 7-9/10"]);
  expect(await get({ range: "bytes=10-" })).toEqual([416, "", "bytes */10"]);
  for (const none of ["bytes=5-2", "lines=1-2", "bytes=-"]) expect(await get({ range: none }), none).toEqual([200, "0123456789", null]);
  expect(await get({ range: "bytes=2-4", "if-range": `"${id}"` })).toEqual([206, "234", "bytes 2-4/10"]);
  expect(await get({ range: "bytes=2-4", "if-range": '"other"' })).toEqual([200, "0123456789", null]);
  expect(await get({ "if-none-match": `"${id}"` })).toEqual([304, "", null]);
});
