/** The call that waits: for its own answer among many, on any gateway, and no longer than its token is good. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitUntil } from "../support/wait-until.ts";
import { type Answer, type GatewayHouse, gatewayHouse } from "./house.ts";

let house: GatewayHouse;
let operator: string;
beforeAll(async () => {
  house = await gatewayHouse();
  operator = (await house.client("operator", ["petrel:operate"])).token;
});
afterAll(() => house.stop());

const execute = (
  body: object,
  { gateway = house.a, token = operator, key }: { gateway?: typeof house.a; token?: string; key?: string } = {},
) =>
  house.call(gateway, "POST", "/api/nets/shop/execute", {
    token,
    body: { place: "inbox", until: { place: "done" }, waitMs: 60_000, ...body },
    headers: key === undefined ? {} : { "idempotency-key": key },
  });
const textOf = ({ json }: Answer) => (json.token as unknown as { data: { text: string } } | undefined)?.data.text;
const decide = async (text: string) => {
  const { token } = await house.client(`person-${text}`, ["petrel:gate"], { roles: ["maintainer"] });
  type Gates = { firing: string; inputs: { order: { text: string } } }[];
  const gates = async () => (await house.call(house.a, "GET", "/api/gates?net=shop", { token })).json.gates as unknown as Gates;
  await waitUntil("it waits for people", async () => (await gates()).some(({ inputs }) => inputs.order.text === text));
  const gate = (await gates()).find(({ inputs }) => inputs.order.text === text);
  return house.call(house.b, "POST", `/api/gates/shop/${gate?.firing}`, { token, body: { decision: "approve" } });
};

test("each of many at once gets the answer of its own token, on both gateways", async () => {
  const words = Array.from({ length: 60 }, (_, n) => `word ${n}`);
  const answers = await Promise.all(words.map((text, n) => execute({ data: { text } }, { gateway: n % 2 ? house.a : house.b })));
  expect(answers.map((answer) => [answer.status, textOf(answer), answer.json.place])).toEqual(words.map((text) => [200, text, "done"]));
});

test("what is not there in time is asked for again at the address of the 202, on another gateway, until it is", async () => {
  const late = await execute({ data: { text: "held", hold: true }, waitMs: 0 });
  expect([late.status, typeof late.json.id, late.headers.get("location")]).toEqual([202, "string", late.json.url]);
  const again = (waitMs: number) => house.call(house.b, "GET", `${late.json.url}?waitMs=${waitMs}`, { token: operator });
  expect((await again(0)).status).toBe(202);
  const waiting = again(60_000);
  expect((await decide("held")).status).toBe(200);
  expect([(await waiting).status, textOf(await waiting)]).toEqual([200, "held"]);
  expect((await house.call(house.b, "GET", "/api/nets/shop/execute/nonsense", { token: operator })).json).toMatchObject({
    status: 404,
    error: "no-such-ticket",
  });
});

test("a condition says which token is the answer; what makes no sense is refused before anything is put", async () => {
  const held = await execute({ data: { text: "by condition", hold: true }, until: { where: '$.text == "by condition"' } });
  expect([held.status, held.json.place]).toEqual([200, "held"]);
  const count = async () =>
    (
      (await house.call(house.a, "GET", "/api/event-line/shop?type=arrived&limit=1000", { token: operator })).json
        .events as unknown as object[]
    ).length;
  const before = await count();
  const wrong: [object, number, string][] = [
    [{ until: { place: "nowhere" } }, 404, "no-such-place"],
    [{ until: { where: "$.text ==" } }, 400, "expression-syntax"],
    [{ until: {} }, 400, "bad-request"],
    [{ waitMs: -1 }, 400, "bad-request"],
  ];
  for (const [body, status, error] of wrong)
    expect((await execute({ data: { text: "never" }, ...body })).json, JSON.stringify(body)).toMatchObject({ status, error });
  expect(await count()).toBe(before);
});

test("asked twice with one key, it is done once and answered twice; with other data the key is refused", async () => {
  const [one, two] = [
    await execute({ data: { text: "twice" } }, { key: "e-1" }),
    await execute({ data: { text: "twice" } }, { key: "e-1", gateway: house.b }),
  ];
  expect([one.status, two.status, two.json.token]).toEqual([200, 200, one.json.token]);
  expect((await execute({ data: { text: "else" } }, { key: "e-1" })).json).toMatchObject({ status: 422, error: "idempotency-key-reused" });
});

test("a client that is removed while it waits gets no answer", async () => {
  const { id, token } = await house.client("leaver", ["petrel:operate"]);
  const waiting = execute({ data: { text: "leaver", hold: true } }, { token, gateway: house.b });
  await waitUntil("it was put", async () => {
    const page = await house.call(house.a, "GET", "/api/event-line/shop?q=leaver&type=arrived", { token: operator });
    return (page.json.events as unknown as object[]).length > 0;
  });
  await house.a.access.book.remove(id, "ada");
  expect((await waiting).json).toMatchObject({ status: 401, error: "invalid_token" });
});
