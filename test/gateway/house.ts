/** Two gateways on one broker with a real master behind it, and clients of every kind. */

import type { MasterPorts } from "../../src/actors/master-ports.ts";
import { silentLogger } from "../../src/contract/logger.ts";
import type { Scope } from "../../src/gateway/access/scopes.ts";
import { type Gateway, startGateway } from "../../src/gateway/gateway.ts";
import type { Collector } from "../../src/gateway/traces/trace-exporter.ts";
import { memoryBroker } from "../../src/jetstream/memory/broker.ts";
import type { Tiers } from "../../src/models/tiers.ts";
import { freePort } from "../support/free-port.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";

export const PEOPLE = { user: "ada", roles: ["maintainer"] };
export const SHOP = {
  net: "shop",
  title: "A shop",
  places: {
    inbox: { title: "Orders", open: true, schema: { type: "object", required: ["text"] } },
    done: {},
    held: {},
  },
  transitions: {
    sort: {
      kind: "map",
      in: [{ place: "inbox", as: "order" }],
      out: [
        { to: "held", when: "order.hold == true" },
        { to: "done", otherwise: true },
      ],
      value: { text: "${order.text}" },
    },
    release: {
      kind: "pass",
      in: [{ place: "held", as: "order" }],
      out: [{ to: "done" }],
      gate: { approvers: ["role:maintainer"], quorum: 1 },
    },
  },
};

export interface Answer {
  status: number;
  headers: Headers;
  json: Record<string, never> & { [key: string]: unknown };
  text: string;
}
export interface GatewayHouse {
  kit: MasterKit;
  a: Gateway;
  b: Gateway;
  /** A client with its secret; the token is that of gateway A. */
  client(id: string, scopes: Scope[], more?: { nets?: string[]; roles?: string[] }): Promise<{ id: string; secret: string; token: string }>;
  token(gateway: Gateway, id: string, secret: string, scope?: string): Promise<Answer>;
  call(
    gateway: Gateway,
    method: string,
    path: string,
    options?: { token?: string; body?: unknown; headers?: Record<string, string> },
  ): Promise<Answer>;
  /** Stops a gateway; what it returns starts it again on the same port. */
  restart(which: "a" | "b"): Promise<() => Promise<void>>;
  stop(): Promise<void>;
}

/** `monitor`: the folder of the built page. */
export async function gatewayHouse({
  monitor = null,
  master = {},
  collector = null,
  expert = null,
  rate,
  mcpReadOnly = false,
}: {
  rate?: number;
  mcpReadOnly?: boolean;
  expert?: Tiers | null;
  monitor?: string | null;
  collector?: Collector | null;
  master?: Partial<MasterPorts>;
} = {}): Promise<GatewayHouse> {
  const kit = await masterKit(master);
  await kit.ask(null, "apply-net", { definition: SHOP, by: PEOPLE });
  let count = 0;
  const one = (port: number) =>
    startGateway(
      {
        broker: memoryBroker(kit.hub),
        clock: kit.clock,
        ids: { next: () => `g${++count}` },
        logger: silentLogger,
        version: "0.0.0",
        monitor,
        collector,
        expert,
        mcpReadOnly,
      },
      { host: "127.0.0.1", port, ...(rate === undefined ? {} : { rate }) },
    );
  const [a, b] = [await one(await freePort()), await one(await freePort())];
  const house: GatewayHouse = {
    kit,
    a,
    b,
    async client(id, scopes, { nets, roles = [] } = {}) {
      const { clientSecret } = await a.access.book.add({ id, scopes, nets: nets ?? null, roles, by: "ada" });
      const answer = await house.token(a, id, clientSecret);
      return { id, secret: clientSecret, token: String(answer.json.access_token) };
    },
    token: (gateway, id, secret, scope) => {
      const form = new URLSearchParams({
        grant_type: "client_credentials",
        client_id: id,
        client_secret: secret,
        ...(scope === undefined ? {} : { scope }),
      });
      return send(gateway, "POST", "/oauth2/token", { body: form, headers: {} });
    },
    call: (gateway, method, path, { token, body, headers = {} } = {}) =>
      send(gateway, method, path, {
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      }),
    async restart(which) {
      const { port } = new URL(house[which].url);
      await house[which].close();
      return async () => {
        house[which] = await one(Number(port));
      };
    },
    async stop() {
      await house.a.close();
      await house.b.close();
      await kit.stop();
    },
  };
  return house;
}

async function send(
  gateway: Gateway,
  method: string,
  path: string,
  init: { headers: Record<string, string>; body?: string | URLSearchParams },
): Promise<Answer> {
  const response = await fetch(`${gateway.url}${path}`, { method, ...init });
  const text = await response.text();
  const isJson = (response.headers.get("content-type") ?? "").includes("json");
  return { status: response.status, headers: response.headers, text, json: isJson && text !== "" ? JSON.parse(text) : {} };
}
