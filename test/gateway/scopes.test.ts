/** The read-only key is a hard boundary: the whole API is walked with it, from the document that the gateway serves. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GatewayHouse, gatewayHouse } from "./house.ts";

let house: GatewayHouse;
let reader: string;
beforeAll(async () => {
  house = await gatewayHouse();
  reader = (await house.client("reader", ["petrel:read"])).token;
});
afterAll(() => house.stop());

interface Operation {
  method: string;
  path: string;
  scope: string | undefined;
  summary: string | undefined;
}

async function operations(): Promise<Operation[]> {
  const document = (await house.call(house.a, "GET", "/openapi.json")).json as unknown as {
    openapi: string;
    paths: Record<string, Record<string, { summary?: string; "x-petrel-scope"?: string }>>;
  };
  expect(document.openapi).toBe("3.1.0");
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, about]) => ({
      method: method.toUpperCase(),
      path,
      scope: about["x-petrel-scope"],
      summary: about.summary,
    })),
  );
}
const filled = (path: string) =>
  path
    .replaceAll("{net}", "shop")
    .replaceAll("{place}", "inbox")
    .replace(/\{[^}]+\}/g, "f-none");
/** What a fold of the log and the stores would tell apart. */
async function everything(): Promise<string> {
  const { broker, hub } = house.kit;
  return JSON.stringify([
    await house.kit.ask("shop", "state-hash"),
    await broker.control.read(),
    [...hub.versions.keys()],
    [...hub.artifacts.keys()],
    await broker.keyValue("access").list("client.*"),
  ]);
}

describe("a token that only reads", () => {
  test("on every route it reads, or bounces with readonly_scope; and nothing changes", async () => {
    const all = await operations();
    expect(all.length).toBeGreaterThan(25);
    const before = await everything();
    const bounced: string[] = [];
    for (const { method, path, scope, summary } of all) {
      expect(summary, path).toBeTruthy();
      if (path.endsWith("/stream")) continue;
      const body =
        method === "GET"
          ? {}
          : {
              body: {
                decision: "approve",
                data: { text: "x" },
                definition: { net: "shop" },
                arcql: "FROM inbox",
                verb: "kill",
                token: "x",
                place: "inbox",
                until: { place: "done" },
                waitMs: 0,
              },
            };
      const { status, json } = await house.call(house.a, method, filled(path), { token: reader, ...body });
      const where = `${method} ${path} (${scope})`;
      if (scope === undefined) expect(path, where).toMatch(/^\/(oauth2|healthz|readyz)/);
      else if (scope === "petrel:read") expect([401, 403], where).not.toContain(status);
      else {
        expect([status, json.error], where).toEqual([403, "readonly_scope"]);
        bounced.push(where);
      }
    }
    expect(bounced.length).toBeGreaterThan(6);
    expect(await everything()).toBe(before);
  });

  test("without a token every route of the API says 401", async () => {
    for (const { method, path, scope } of await operations()) {
      if (scope === undefined) continue;
      const { status, headers } = await house.call(house.a, method, filled(path), method === "GET" ? {} : { body: {} });
      expect(status, `${method} ${path}`).toBe(401);
      expect(headers.get("www-authenticate")).toContain("Bearer");
    }
  });

  test("reads with the alias of the client, and a write bounces on the scope before anything is looked up", async () => {
    const { clientSecret } = await house.a.access.book.add({
      id: "petrel-readonly",
      scopes: ["petrel:read"],
      nets: null,
      roles: [],
      by: "ada",
    });
    const token = String((await house.token(house.a, "agenticos-readonly", clientSecret)).json.access_token);
    expect((await house.call(house.a, "GET", "/api/event-line/shop?limit=5", { token })).status).toBe(200);
    const unknown = "/api/runtime/places/p-pm-inbox/tokens?modelId=shop";
    expect((await house.call(house.a, "POST", unknown, { token, body: { name: "x", data: { text: "x" } } })).json).toMatchObject({
      error: "readonly_scope",
      message: expect.any(String) as string,
    });
    const { token: writer } = await house.client("writer", ["petrel:operate"]);
    expect((await house.call(house.a, "POST", unknown, { token: writer, body: { name: "x", data: { text: "x" } } })).status).toBe(404);
  });
});

describe("scopes", () => {
  test("an operator puts, and neither applies nets nor decides gates; an admin decides no gates either", async () => {
    const { token: operator } = await house.client("operator", ["petrel:operate"]);
    const { token: admin } = await house.client("admin", ["petrel:admin"]);
    const put = await house.call(house.a, "POST", "/api/runtime/places/inbox/tokens?modelId=shop", {
      token: operator,
      body: { name: "first", data: { text: "hello" } },
    });
    expect([put.status, typeof put.json.id]).toEqual([201, "string"]);
    expect((await house.call(house.a, "PUT", "/api/nets/shop", { token: operator, body: { definition: {} } })).json.error).toBe(
      "insufficient_scope",
    );
    for (const token of [operator, admin]) {
      expect((await house.call(house.a, "POST", "/api/gates/shop/f-none", { token, body: { decision: "approve" } })).json.error).toBe(
        "insufficient_scope",
      );
    }
  });

  test("a change names the version that it was made from; on an outdated one it is refused with 412", async () => {
    const { token } = await house.client("changer", ["petrel:admin"]);
    const { headers, json } = await house.call(house.a, "GET", "/api/nets/shop", { token });
    const etag = headers.get("etag") ?? "";
    const definition = { ...(json.definition as unknown as object), title: "A larger shop" };
    const put = (match?: string) =>
      house.call(house.b, "PUT", "/api/nets/shop", {
        token,
        body: { definition },
        headers: match === undefined ? {} : { "if-match": match },
      });
    expect((await put()).status).toBe(428);
    expect((await put(etag)).status).toBe(200);
    expect((await put(etag)).json).toMatchObject({ status: 412, error: "outdated-base" });
  });

  test("a token for one net reaches no other, whichever way it is named", async () => {
    await house.kit.ask(null, "apply-net", {
      definition: { net: "bank", places: { safe: { open: true } }, transitions: {} },
      by: { user: "ada", roles: [] },
    });
    const { token } = await house.client("shop-only", ["petrel:operate"], { nets: ["shop"] });
    for (const path of [
      "/api/nets/bank",
      "/api/event-line/bank",
      "/api/nets/bank/marking",
      "/api/runtime/places/safe/tokens?modelId=bank",
    ]) {
      expect((await house.call(house.a, "GET", path, { token })).json, path).toMatchObject({ error: "net_out_of_scope" });
    }
    expect((await house.call(house.a, "GET", "/api/nets", { token })).json.nets).toMatchObject([{ net: "shop" }]);
    expect((await house.call(house.a, "POST", "/api/control", { token, body: { verb: "kill" } })).status).toBe(403);
    expect((await house.call(house.a, "POST", "/api/control", { token, body: { verb: "pause", net: "bank" } })).status).toBe(403);
  });
});
