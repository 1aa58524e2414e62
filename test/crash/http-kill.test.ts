/** A master killed in the middle of a request: the server that honours keys applies it once (E4, E8). */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { NetEvent } from "../../src/contract/event.ts";
import { httpServer, json, type TestHttpServer } from "../support/http-server.ts";
import { logAgreesWithPlaces } from "../support/log-check.ts";
import { System } from "../support/state-folder.ts";
import { waitUntil } from "../support/wait-until.ts";

let system: System;
let server: TestHttpServer;
afterEach(async () => {
  await system?.end();
  await server?.stop();
});

describe("kill -9 of the master in the middle of a request", () => {
  it("makes it be asked for again under the same key, and the server applies it once", async () => {
    const applied = new Map<string, number>();
    let answering = false;
    server = await httpServer((asked, response) => {
      const key = String(asked.headers["idempotency-key"]);
      // Applied when it comes in; the answer to the first request is never given.
      if (!applied.has(key)) applied.set(key, applied.size + 1);
      if (answering) json(response, { order: applied.get(key), secret: asked.headers.authorization });
    });
    system = await System.start();
    const config = { http: { allow: [`127.0.0.1:${server.port}`] }, ...tiers() };
    writeFileSync(join(system.dir, "petrel.config.json"), JSON.stringify(config));
    writeFileSync(join(system.dir, "secrets.json"), JSON.stringify({ shop: "a-secret-of-the-shop" }), { mode: 0o600 });
    await system.master("m1", "m1", system.dir);
    await system.apply(net(server.url));
    await Promise.all([1, 2, 3].map((n) => system.put("orders", "start", { n }, `p${n}`)));
    await waitUntil("three requests are under way", () => server.asked.length >= 3);
    await system.kill("m1");
    answering = true;
    await system.master("m1", "m1", system.dir);
    await waitUntil("all are answered", async () => (await system.broker.places("orders").ids("end")).size === 3, 60_000);
    const { events, state } = await logAgreesWithPlaces(system.broker, "orders", 30_000);
    const orders = [...(state.places.get("end")?.values() ?? [])].map(({ token }) => (token.data as { order: number }).order);
    expect(orders.sort()).toEqual([1, 2, 3]);
    expect(applied.size).toBe(3);
    // As many again; more only where the new master, too, lost its term for a while.
    expect(server.asked.length).toBeGreaterThanOrEqual(6);
    const keys = new Set(events.filter(({ type }) => type === "fired").map(({ firing }) => `orders/order/${firing}`));
    expect(new Set(server.asked.map(({ headers }) => headers["idempotency-key"]))).toEqual(keys);
    const { started = 0, lapsed = 0, ...ends } = attempts(events);
    expect([ends, started - lapsed, lapsed >= 3]).toEqual([{ fired: 3 }, 3, true]);
    expect(server.asked.every(({ headers }) => headers.authorization === "Bearer a-secret-of-the-shop")).toBe(true);
    expect(JSON.stringify(events) + system.logs()).not.toContain("a-secret-of-the-shop");
  }, 180_000);
});

function net(url: string) {
  return {
    net: "orders",
    places: { start: { open: true }, end: { sink: true } },
    transitions: {
      order: {
        kind: "http",
        method: "POST",
        url: `${url}/orders`,
        headers: { Authorization: "Bearer ${secret.shop}" },
        body: { n: "${job.n}" },
        in: [{ place: "start", as: "job" }],
        out: [{ to: "end", value: { order: "${$result.body.order}", told: "${$result.body}" } }],
      },
    },
  };
}

function attempts(events: NetEvent[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { type, transition } of events) if (transition === "order") counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

function tiers(): object {
  const choice = [{ provider: "openai", model: "none", usdPerMTokIn: 0, usdPerMTokOut: 0 }];
  return { tiers: { frontier: choice, standard: choice, economy: choice } };
}
