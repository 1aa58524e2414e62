/**
 * MCP servers over HTTP for one attempt of a firing. The requests go through the same client, list of hosts and secrets as every other
 * request of the master's; each server is met at its first use and left at the end of the attempt.
 */
import { Terminal } from "../../contract/errors.ts";
import type { Json, JsonObject } from "../../contract/json.ts";
import { mustBeFor, withoutSecrets } from "../../http/secrets.ts";
import type { Persona } from "../../personas/persona-schema.ts";
import { connectMcpHttp, type McpConnection, type McpFetch } from "../../tools/mcp/mcp-client.ts";
import type { McpHttpServer, McpHttpServers, McpToolSpec } from "../../tools/mcp/mcp-tools.ts";
import type { AssignedFiring } from "../term/dispatch.ts";
import { grantedSecret } from "../term/granted-secrets.ts";
import { targetOf } from "../term/http-rendering.ts";
import type { HttpHands } from "../term/http-work.ts";

const MAX_BYTES = 4 * 1024 * 1024;
const EVERY_STATUS = ["1xx", "2xx", "3xx", "4xx", "5xx"];
const NO_BODY = new Set([101, 204, 205, 304]);

export interface McpOverHttp {
  servers: McpHttpServers;
  tools(names: readonly string[]): Promise<McpToolSpec[]>;
  call(server: string, tool: string, input: JsonObject, signal: AbortSignal): Promise<Json>;
  close(): Promise<void>;
}

export function mcpOverHttp(
  servers: McpHttpServers,
  http: HttpHands | null,
  firing: AssignedFiring,
  persona: Persona,
  signal: AbortSignal,
): McpOverHttp {
  const met = new Map<string, Promise<McpConnection>>();
  const connection = (name: string): Promise<McpConnection> => {
    const known = met.get(name);
    if (known) return known;
    const server = Object.hasOwn(servers, name) ? servers[name] : undefined;
    if (!server || !http) throw new Terminal({ code: "no-http", message: `this master makes no requests to the MCP server ${name}` });
    const made = connectMcpHttp(name, server.url, fetchFor(name, server, http, firing, persona, signal), "1");
    met.set(name, made);
    // One that could not be reached may be tried again.
    made.catch(() => met.delete(name));
    return made;
  };
  return {
    servers,
    tools: async (names) => (await Promise.all(names.map(async (name) => (await connection(name)).tools()))).flat(),
    call: async (server, tool, input, callSignal) => (await connection(server)).call(tool, input, callSignal),
    close: async () => {
      await Promise.all([...met.values()].map(async (made) => (await made.catch(() => null))?.close()));
    },
  };
}

function fetchFor(
  name: string,
  { url, secret }: McpHttpServer,
  { client, secrets }: HttpHands,
  firing: AssignedFiring,
  persona: Persona,
  attempt: AbortSignal,
): McpFetch {
  let count = 0;
  return async (to, { method, headers, body, signal }) => {
    // Nobody listens to what a server says unasked: the work of a firing is calls and their answers.
    if (method === "GET") return new Response(null, { status: 405 });
    count += 1;
    const values = new Map<string, string>();
    const sent = Object.fromEntries(headers);
    if (secret !== undefined) {
      const { value } = grantedSecret(secrets, secret, firing.net, persona);
      const target = targetOf(url);
      if (target) mustBeFor(secret, secrets(secret), target);
      values.set(secret, value);
      sent.authorization = `Bearer ${value}`;
    }
    const done = await client.send(
      {
        ...{ method, url: to.href, headers: sent, body: body === null ? null : Buffer.from(body), success: EVERY_STATUS, redirects: 0 },
        ...{ maxBytes: MAX_BYTES, allow: null, sensitive: ["authorization"], strip: withoutSecrets(values) },
        key: `${firing.net}/${firing.transition}/${firing.firing}/mcp/${name}/${count}`,
      },
      AbortSignal.any([attempt, signal]),
    );
    if ("error" in done) throw done.error;
    const { status, headers: told, body: said } = done.answer;
    return new Response(NO_BODY.has(status) ? null : Buffer.from(said), { status, headers: told });
  };
}
