/** The event line: pages that are as new as the log, and a stream that lets slow readers go with a number to come back by. */
import { request as open } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { waitUntil } from "../support/wait-until.ts";
import { type GatewayHouse, gatewayHouse } from "./house.ts";

let house: GatewayHouse;
let reader: string;
beforeAll(async () => {
  house = await gatewayHouse();
  reader = (await house.client("reader", ["petrel:read"])).token;
});
afterAll(() => house.stop());

interface Page {
  events: { seq: number; type: string }[];
  nextBeforeSeq: number | null;
  nextAfterSeq: number | null;
}
const page = async (query: string, gateway = house.a) =>
  (await house.call(gateway, "GET", `/api/event-line/shop?${query}`, { token: reader })).json as unknown as Page;

describe("pages", () => {
  test("what was put is in the next page, on whichever gateway, and pages join without a gap", async () => {
    for (let n = 0; n < 12; n++) {
      await house.kit.put("shop", "inbox", { text: `order ${n}` });
      const gateway = n % 2 ? house.a : house.b;
      expect((await page("type=arrived&limit=1000", gateway)).events).toHaveLength(n + 1);
    }
    const whole = (await page("limit=1000")).events.map(({ seq }) => seq);
    expect(whole).toEqual(whole.map((_, at) => at + 1));
    const back: number[] = [];
    for (let before: number | null | "" = ""; before !== null; ) {
      const found: Page = await page(`limit=5${before === "" ? "" : `&before=${before}`}`);
      back.unshift(...found.events.map(({ seq }) => seq));
      before = found.nextBeforeSeq;
    }
    expect(back).toEqual(whole);
    expect((await page("limit=5")).nextAfterSeq).toBe(whole.at(-1));
  });

  test.each([
    ["type=arived", /the type "arived"/, /did you mean "arrived"/],
    ["status=ok,failed", /the status "failed"/, /ok, error, waiting, refused, info/],
  ])("what no event can be is said, not an empty page: %s", async (query, says, next) => {
    for (const path of ["", "/stream"]) {
      const answer = await house.call(house.a, "GET", `/api/event-line/shop${path}?${query}`, { token: reader });
      expect(answer).toMatchObject({ status: 400, json: { detail: expect.stringMatching(says), hint: expect.stringMatching(next) } });
    }
  });
});

test("a reader that takes nothing is let go, and comes back with the last number that it has", async () => {
  const url = new URL(`${house.a.url}/api/event-line/shop/stream?after=0`);
  let ended = false;
  const stuck = open(url, { headers: { authorization: `Bearer ${reader}` } });
  const text = await new Promise<string>((resolve) => {
    stuck.on("response", (response) => {
      response.once("data", (chunk: Buffer) => {
        response.pause();
        resolve(String(chunk));
      });
      response.on("close", () => (ended = true));
      response.on("error", () => (ended = true));
    });
    stuck.on("error", () => (ended = true));
    stuck.end();
  });
  // More than the sockets on both sides hold. Below the size from which a token's fields go to the artefact store.
  const big = "x".repeat(50_000);
  for (let n = 0; n < 160; n++) await house.kit.put("shop", "inbox", { text: big });
  house.kit.clock.jump(21_000);
  await waitUntil("it is let go", () => {
    house.kit.clock.jump(21_000);
    return ended || stuck.destroyed || stuck.socket?.destroyed === true || stuck.socket?.readableEnded === true;
  });
  const ids = [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
  const after = ids.at(-1) ?? 0;
  const again = await fetch(url, { headers: { authorization: `Bearer ${reader}`, "last-event-id": String(after) } });
  const body = again.body?.getReader();
  const utf8 = new TextDecoder();
  let said = "";
  // In how many pieces it comes is the sockets' affair.
  while (!/^id: \d+\n/m.test(said)) said += utf8.decode((await body?.read())?.value, { stream: true });
  await body?.cancel();
  expect(Number(/^id: (\d+)\n/m.exec(said)?.[1])).toBe(after + 1);
});

test("who comes back from far behind gets each event once, from the log and then from what comes", async () => {
  await Promise.all(Array.from({ length: 400 }, (_, n) => house.kit.put("shop", "inbox", { text: `many ${n}` })));
  // It knows the newest 500 alone.
  await (await house.restart("a"))();
  const ids: number[] = [];
  const ending = new AbortController();
  const stream = await fetch(`${house.a.url}/api/event-line/shop/stream`, {
    headers: { authorization: `Bearer ${reader}`, "last-event-id": "3" },
    signal: ending.signal,
  });
  void (async () => {
    let text = "";
    for await (const chunk of stream.body as unknown as AsyncIterable<Uint8Array>) {
      const lines = (text + new TextDecoder().decode(chunk, { stream: true })).split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) if (line.startsWith("id: ")) ids.push(Number(line.slice(4)));
    }
  })().catch(() => {});
  await house.kit.put("shop", "inbox", { text: "and one more" });
  const newest = async () => (await page("limit=1")).events[0]?.seq;
  await waitUntil("it has all", async () => ids.length > 800 && ids.at(-1) === (await newest()));
  expect(ids).toEqual(ids.map((_, at) => at + 4));
  ending.abort();
});

test("an id behind the end of the log, as of a log that is there no more, is said, and the stream goes on from the end", async () => {
  const end = (await page("limit=1")).events[0]?.seq ?? 0;
  expect(await page(`after=${end + 500}`)).toEqual({ events: [], nextBeforeSeq: end + 1, nextAfterSeq: end });
  const ending = new AbortController();
  const stream = await fetch(`${house.b.url}/api/event-line/shop/stream`, {
    headers: { authorization: `Bearer ${reader}`, "last-event-id": String(end + 500) },
    signal: ending.signal,
  });
  let text = "";
  void (async () => {
    for await (const chunk of stream.body as unknown as AsyncIterable<Uint8Array>)
      text += new TextDecoder().decode(chunk, { stream: true });
  })().catch(() => {});
  await waitUntil("it is said", () => text.includes("event: reset"));
  expect(text).toContain(`id: ${end}\nevent: reset\ndata: {"asked":${end + 500},"end":${end}}\n\n`);
  await house.kit.put("shop", "inbox", { text: "after the reset" });
  await waitUntil("what comes is told", () => text.includes(`id: ${end + 1}\nevent: event`));
  ending.abort();
});

test("as-of takes a number or a time, as ?at= does", async () => {
  const at = new Date(house.kit.clock.now()).toISOString();
  const end = (await page("limit=1")).events[0]?.seq ?? 0;
  house.kit.clock.jump(5000);
  await house.kit.put("shop", "inbox", { text: "later" });
  expect((await page(`as-of=${end}&limit=3`)).events.map(({ seq }) => seq)).toEqual([end - 2, end - 1, end]);
  expect(await page(`as-of=${encodeURIComponent(at)}&limit=3`)).toEqual(await page(`as-of=${end}&limit=3`));
  expect((await page("as-of=2000-01-01&limit=3")).events).toEqual([]);
  expect((await page("as-of=now&limit=1")).events[0]?.seq).toBeGreaterThan(end);
  const wrong = await house.call(house.a, "GET", "/api/event-line/shop?as-of=yesterday", { token: reader });
  expect(wrong).toMatchObject({ status: 400, json: { hint: expect.stringMatching(/as-of 12/) } });
});

test("a stream ends when the client is removed or the token revoked, on another gateway too, and nothing comes after", async () => {
  for (const end of ["client", "token"] as const) {
    const { id, secret, token } = await house.client(`guest-${end}`, ["petrel:read"]);
    const stream = await fetch(`${house.b.url}/api/event-line/shop/stream`, { headers: { authorization: `Bearer ${token}` } });
    expect(stream.status).toBe(200);
    let [heard, ended] = ["", false];
    void (async () => {
      for await (const chunk of stream.body as unknown as AsyncIterable<Uint8Array>) heard += new TextDecoder().decode(chunk);
    })()
      .catch(() => {})
      .finally(() => (ended = true));
    await house.kit.put("shop", "inbox", { text: `before ${end}` });
    await waitUntil("it is heard", () => heard.includes(`before ${end}`));
    if (end === "client") await house.a.access.book.remove(id, "ada");
    else
      await house.call(house.a, "POST", "/oauth2/revoke", {
        body: new URLSearchParams({ token, client_id: id, client_secret: secret }).toString(),
        headers: { "content-type": "application/x-www-form-urlencoded" },
      });
    await waitUntil("the stream is over", () => ended);
    await house.kit.put("shop", "inbox", { text: `after ${end}` });
    expect(heard).not.toContain(`after ${end}`);
    const again = await fetch(`${house.b.url}/api/event-line/shop/stream`, { headers: { authorization: `Bearer ${token}` } });
    expect(again.status).toBe(401);
  }
});
