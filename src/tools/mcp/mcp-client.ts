/** A client of one MCP server, over lines or requests that somebody else carries: who runs the server is not decided here. */
import type { JSONRPCMessage, Transport } from "@modelcontextprotocol/client";
import { Terminal } from "../../contract/errors.ts";
import type { Json, JsonObject } from "../../contract/json.ts";
import type { McpToolSpec } from "./mcp-tools.ts";

/** The two ends of a running server. */
export interface McpLines {
  write(line: string): void;
  onLine(call: (line: string) => void): void;
  /** `why`: in a clause, where it was ended for what it did. */
  onEnd(call: (why?: string) => void): void;
  end(): void;
}
export interface McpConnection {
  tools(): Promise<McpToolSpec[]>;
  /** Errors: Terminal `mcp-tool-failed`, `mcp-server-gone`, `mcp-server-ended`. */
  call(tool: string, input: JsonObject, signal: AbortSignal): Promise<Json>;
  close(): Promise<void>;
}

/** So long the first question, which only newer servers know, may stay without an answer at a server of lines: then it is asked as an older one. */
const PROBE_MS = 5000;
/** So long a server may take for its first answer: what is run by its name may have to be fetched before. */
const FIRST_MS = 30_000;
const CALL_MS = 290_000;

/** One request of the protocol, carried by somebody who decides where it may go. */
export type McpFetch = (
  url: URL,
  init: { method: string; headers: Headers; body: string | null; signal: AbortSignal },
) => Promise<Response>;

/** Errors: Terminal `mcp-server-gone`, `mcp-server-ended`. */
export async function connectMcp(server: string, lines: McpLines, version: string): Promise<McpConnection> {
  const ending = { why: undefined as string | undefined };
  lines.onEnd((why) => {
    ending.why = why;
  });
  return connected(server, { transport: transportOver(lines), probeMs: PROBE_MS }, version, ending);
}

/** A server over HTTP (Streamable HTTP). Errors: Terminal `mcp-server-gone`. */
export async function connectMcpHttp(server: string, url: string, fetch: McpFetch, version: string): Promise<McpConnection> {
  const { StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    fetch: async (to, init) =>
      fetch(new URL(to), {
        method: init?.method ?? "GET",
        headers: new Headers(init?.headers),
        body: typeof init?.body === "string" ? init.body : null,
        signal: init?.signal ?? new AbortController().signal,
      }),
  });
  // Over a network silence is an outage, and no older server.
  return connected(server, { transport, probeMs: FIRST_MS }, version);
}

async function connected(
  server: string,
  { transport, probeMs }: { transport: Transport; probeMs: number },
  version: string,
  ending: { readonly why?: string | undefined } = {},
): Promise<McpConnection> {
  // Read only where a server is: nobody else waits for this module.
  const { Client } = await import("@modelcontextprotocol/client");
  const client = new Client({ name: "petrel", version }, { versionNegotiation: { mode: "auto", probe: { timeoutMs: probeMs } } });
  await client.connect(transport, { timeout: FIRST_MS }).catch(async (error: unknown) => {
    // Nobody would end it otherwise: the next use starts another.
    await transport.close().catch(() => {});
    throw ended(server, ending) ?? gone(server, error);
  });
  return {
    async tools() {
      const { tools } = await client.listTools().catch((error: unknown) => {
        throw ended(server, ending) ?? gone(server, error);
      });
      return tools.map(({ name, description, inputSchema }) => ({
        server,
        tool: name,
        description: description ?? "",
        input: inputSchema as unknown as JsonObject,
      }));
    },
    async call(tool, input, signal): Promise<Json> {
      const answer = await client.callTool({ name: tool, arguments: input }, { signal, timeout: CALL_MS }).catch((error: unknown) => {
        throw ended(server, ending) ?? failed(server, tool, error instanceof Error ? error.message : String(error));
      });
      const text = answer.content.flatMap((block) => (block.type === "text" ? [block.text] : [`(${block.type})`])).join("\n");
      if (answer.isError) throw failed(server, tool, text);
      return answer.structuredContent === undefined ? { text } : { text, structured: answer.structuredContent as Json };
    },
    close: () => client.close(),
  };
}

function transportOver(lines: McpLines): Transport {
  const transport: Transport & { stderr: null; pid: null } = {
    // By these two the client knows a local pipe, at which silence is no outage.
    ...{ stderr: null, pid: null },
    start: async () => {
      lines.onLine((line) => {
        try {
          transport.onmessage?.(JSON.parse(line) as JSONRPCMessage);
        } catch (error) {
          transport.onerror?.(error instanceof Error ? error : new Error(String(error)));
        }
      });
      lines.onEnd(() => transport.onclose?.());
    },
    send: async (message) => lines.write(JSON.stringify(message)),
    close: async () => {
      lines.end();
      transport.onclose?.();
    },
  };
  return transport;
}

function gone(server: string, error: unknown): Terminal {
  const why = error instanceof Error ? error.message : String(error);
  return new Terminal({
    code: "mcp-server-gone",
    message: `the MCP server ${server} does not answer: ${why.slice(0, 300)}`,
    hint: "look at its command in the workspace, or at its url",
  });
}

/** It was ended for what it did: that is why nothing was answered. */
function ended(server: string, { why }: { readonly why?: string | undefined }): Terminal | null {
  if (why === undefined) return null;
  return new Terminal({
    code: "mcp-server-ended",
    message: `the MCP server ${server} was ended: ${why}`,
    hint: "it is started anew at its next use; let it answer with less, or mend it",
  });
}

function failed(server: string, tool: string, why: string): Terminal {
  return new Terminal({ code: "mcp-tool-failed", message: `${tool} of the MCP server ${server}: ${why.slice(0, 2000)}` });
}
