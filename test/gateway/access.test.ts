/** Who gets in, on two gateways that share what they know. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { waitUntil } from "../support/wait-until.ts";
import { type GatewayHouse, gatewayHouse } from "./house.ts";

let house: GatewayHouse;
beforeAll(async () => {
  house = await gatewayHouse();
});
afterAll(() => house.stop());

describe("tokens", () => {
  test("a token of one gateway is good on the other; revoked on one, it is refused on both within a second", async () => {
    const { id, secret, token } = await house.client("reader-one", ["petrel:read"]);
    for (const gateway of [house.a, house.b])
      expect((await house.call(gateway, "GET", "/api/me", { token })).json).toMatchObject({ client: id, readOnly: true });
    const form = new URLSearchParams({ token, client_id: id, client_secret: secret });
    const revoked = await house.call(house.a, "POST", "/oauth2/revoke", {
      body: form.toString(),
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    expect(revoked.status).toBe(200);
    await waitUntil("both refuse it", async () =>
      (await Promise.all([house.a, house.b].map((gateway) => house.call(gateway, "GET", "/api/me", { token })))).every(
        ({ status }) => status === 401,
      ),
    );
  });

  test("a secret that was rotated, and a client that was removed, end the tokens that they had", async () => {
    const { id, secret, token } = await house.client("reader-two", ["petrel:read"]);
    const { clientSecret } = await house.a.access.book.rotate(id, "ada");
    await waitUntil("the old token is refused on B", async () => (await house.call(house.b, "GET", "/api/me", { token })).status === 401);
    expect((await house.token(house.b, id, secret)).status).toBe(401);
    const renewed = String((await house.token(house.b, id, clientSecret)).json.access_token);
    expect((await house.call(house.a, "GET", "/api/me", { token: renewed })).status).toBe(200);
    await house.b.access.book.remove(id, "ada");
    await waitUntil(
      "the new one is refused on A",
      async () => (await house.call(house.a, "GET", "/api/me", { token: renewed })).status === 401,
    );
    expect((await house.token(house.a, id, clientSecret)).json).toMatchObject({ error: "invalid_client" });
  });

  test("what expired, was signed by another key, by none, or is for somebody else, is refused", async () => {
    const { token } = await house.client("reader-three", ["petrel:read"]);
    const [head = "", body = "", sign = ""] = token.split(".");
    const none = Buffer.from(JSON.stringify({ alg: "none", typ: "at+jwt" })).toString("base64url");
    const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as Record<string, unknown>;
    const grown = Buffer.from(JSON.stringify({ ...claims, scope: "petrel:admin" })).toString("base64url");
    for (const forged of [`${none}.${body}.`, `${head}.${grown}.${sign}`, `${head}.${body}.AAAA`, "x", ""]) {
      const answer = await house.call(house.a, "GET", "/api/me", { token: forged });
      expect([answer.status, answer.json.error], forged).toEqual([401, "invalid_token"]);
    }
    house.kit.clock.jump(3601_000);
    expect((await house.call(house.a, "GET", "/api/me", { token })).status).toBe(401);
  });

  test("keys rotate: old tokens stay good, new ones name the new key, and both open halves are published", async () => {
    const { id, secret, token } = await house.client("reader-four", ["petrel:read"]);
    const { kid } = await house.a.access.keys.rotate("ada");
    await waitUntil("B knows the key", async () => JSON.stringify((await house.call(house.b, "GET", "/oauth2/jwks")).json).includes(kid));
    const renewed = String((await house.token(house.b, id, secret)).json.access_token);
    expect(JSON.parse(Buffer.from(renewed.split(".")[0] ?? "", "base64url").toString())).toMatchObject({ kid });
    for (const each of [token, renewed]) expect((await house.call(house.a, "GET", "/api/me", { token: each })).status).toBe(200);
    const keys = (await house.call(house.b, "GET", "/oauth2/jwks")).json.keys as unknown as { d?: string }[];
    expect(keys.length).toBeGreaterThan(1);
    expect(keys.every(({ d }) => d === undefined)).toBe(true);
  });

  test("a gateway that runs on makes a new key after 30 days, and forgets the old one when its tokens are over; both are in the audit", async () => {
    const kids = async () =>
      ((await house.call(house.a, "GET", "/oauth2/jwks")).json.keys as unknown as { kid: string }[]).map(({ kid }) => kid);
    const before = await kids();
    const hours = async (count: number, what: string, there: (now: string[]) => boolean) => {
      house.kit.clock.jump(count * 3600_000);
      await waitUntil(what, async () => there(await kids()));
    };
    await hours(31 * 24, "a new key signs", ([newest = ""]) => !before.includes(newest));
    const [made = ""] = await kids();
    await hours(3, "the old ones are forgotten", (now) => !now.some((kid) => before.includes(kid)) && now.includes(made));
    await waitUntil("it is told", async () => {
      const told = (await house.a.access.book.audit()).map(({ did, client }) => `${did} ${client}`);
      return told.includes(`add a signing key ${made}`) && before.every((kid) => told.includes(`remove a signing key ${kid}`));
    });
  });

  test("a client may ask for less than it has, never for more", async () => {
    const { id, secret } = await house.client("narrow", ["petrel:operate"], { nets: ["shop"] });
    expect((await house.token(house.a, id, secret, "petrel:read net:shop")).json).toMatchObject({ scope: "petrel:read net:shop" });
    for (const scope of ["petrel:admin", "petrel:gate", "petrel:read net:other", "everything"]) {
      expect((await house.token(house.a, id, secret, scope)).json, scope).toMatchObject({ error: "invalid_scope" });
    }
    expect((await house.token(house.a, id, secret)).json).toMatchObject({
      scope: "petrel:operate net:shop",
      token_type: "Bearer",
      expires_in: 3600,
    });
  });

  test("ten failed tries in a minute are the most, over both gateways together; then it says when to come back", async () => {
    const tries = await Promise.all(
      Array.from({ length: 14 }, (_, at) => house.token(at % 2 ? house.a : house.b, "nobody", `guess-${at}`)),
    );
    const statuses = tries.map(({ status }) => status);
    expect(statuses.filter((status) => status === 401).length).toBeGreaterThanOrEqual(10);
    const late = await house.token(house.b, "nobody", "guess");
    expect(late.status).toBe(429);
    expect(Number(late.headers.get("retry-after"))).toBeGreaterThan(0);
    house.kit.clock.jump(61_000);
    expect((await house.token(house.b, "nobody", "guess")).status).toBe(401);
  });

  test("each change of a client is in the audit, with who did it", async () => {
    await house.client("audited", ["petrel:read"]);
    const audit = await house.b.access.book.audit();
    expect(audit).toContainEqual(expect.objectContaining({ by: "ada", client: "audited", did: "add petrel:read" }));
    expect(JSON.stringify(audit)).not.toContain("scrypt");
  });
});
