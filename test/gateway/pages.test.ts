/** Lists in pages: what is taken or decided between two pages makes none of the rest pass by unseen. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitUntil } from "../support/wait-until.ts";
import { type Answer, type GatewayHouse, gatewayHouse } from "./house.ts";

const ORDERS = 7;
let house: GatewayHouse;
let reader: string;
let decider: string;
/** Number of the event after which all of them waited. */
let whole: number;
const get = (path: string) => house.call(house.a, "GET", path, { token: reader });
const rowsOf = (answer: Answer, of: string) => answer.json[of] as unknown as Record<string, string>[];
const decide = async (firing: string) => {
  const body = { decision: "approve" };
  expect((await house.call(house.b, "POST", `/api/gates/shop/${firing}`, { token: decider, body })).status).toBe(200);
};
beforeAll(async () => {
  house = await gatewayHouse();
  reader = (await house.client("reader", ["petrel:read"])).token;
  decider = (await house.client("ada", ["petrel:gate"], { roles: ["maintainer"] })).token;
  for (let n = 0; n < ORDERS; n++) await house.kit.put("shop", "inbox", { text: `order ${n}`, hold: true });
  await waitUntil("all wait at the gate", async () => rowsOf(await get("/api/gates"), "gates").length === ORDERS);
  whole = rowsOf(await get("/api/event-line/shop?limit=1"), "events")[0]?.seq as unknown as number;
});
afterAll(() => house.stop());

/** All pages, and what happens between the first two. */
async function walk(path: string, of: string, between: (first: Record<string, string>[]) => Promise<void>) {
  const seen: Record<string, string>[] = [];
  for (let cursor: string | null = "", pages = 0; cursor !== null; pages++) {
    const answer: Answer = await get(`${path}?limit=2${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`);
    expect(answer.status).toBe(200);
    const rows = rowsOf(answer, of);
    seen.push(...rows);
    if (pages === 0) await between(rows);
    cursor = answer.json.next as unknown as string | null;
  }
  return seen;
}

test("gates: one that was decided meanwhile hides no other", async () => {
  const all = rowsOf(await get("/api/gates"), "gates").map(({ firing }) => firing);
  const seen = await walk("/api/gates", "gates", async ([, last]) => decide(last?.firing ?? ""));
  expect(seen.map(({ firing }) => firing)).toEqual(all);
});

test("tokens: those that were taken meanwhile hide no other", async () => {
  const held = "/api/nets/shop/places/held/tokens";
  const all = rowsOf(await get(held), "tokens").map(({ id }) => id);
  expect(all).toHaveLength(ORDERS - 1);
  const gates = rowsOf(await get("/api/gates"), "gates") as unknown as { firing: string; tokens: { id: string }[] }[];
  const seen = await walk(held, "tokens", async (first) => {
    for (const { id } of first) await decide(gates.find(({ tokens }) => tokens.some((token) => token.id === id))?.firing ?? "");
  });
  expect(seen.map(({ id }) => id)).toEqual(all);
  expect(rowsOf(await get(held), "tokens").map(({ id }) => id)).toEqual(all.slice(2));
});

test("tokens of the past come in the same pages", async () => {
  const seen: string[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page: Answer = await get(`/api/nets/shop/places/held/tokens?at=${whole}&limit=3${cursor === "" ? "" : `&cursor=${cursor}`}`);
    seen.push(...rowsOf(page, "tokens").map(({ id = "" }) => id));
    cursor = page.json.next as unknown as string | null;
  }
  expect(new Set(seen).size).toBe(ORDERS);
  expect(seen).toHaveLength(ORDERS);
});

test("every list takes a limit and says what comes next; a cursor that no page gave is refused", async () => {
  for (const [path, of] of [
    ["/api/nets", "nets"],
    ["/api/gates", "gates"],
    ["/api/personas", "personas"],
    ["/api/nets/shop/personas", "personas"],
    ["/api/proposals", "proposals"],
    ["/api/executors", "executors"],
    ["/api/nets/shop/places", "places"],
    ["/api/nets/shop/places/held/tokens", "tokens"],
  ] as const) {
    const answer = await get(`${path}?limit=1`);
    expect([path, answer.status, rowsOf(answer, of).length <= 1, "next" in answer.json]).toEqual([path, 200, true, true]);
    const wrong = await get(`${path}?cursor=no such`);
    expect([path, wrong.status, wrong.json.hint]).toEqual([path, 400, expect.stringMatching(/leave it out/)]);
  }
});

test("places: all of the marking by name, now and then, and none of a net that is not there", async () => {
  for (const then of ["", `at=${whole}`]) {
    const marking = rowsOf(await get(`/api/nets/shop/marking?${then}`), "places");
    expect(marking.length).toBeGreaterThan(2);
    const seen: Record<string, string>[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page: Answer = await get(`/api/nets/shop/places?${then}&limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`);
      seen.push(...rowsOf(page, "places"));
      cursor = page.json.next as unknown as string | null;
    }
    expect(seen).toEqual(marking);
  }
  expect((await get(`/api/nets/shop/places?at=${whole}`)).json.seq).toBe(whole);
  expect((await get("/api/nets/nowhere/places")).status).toBe(404);
});
