/** `petrel mcp`: Petrel as an MCP server, for coding agents and other clients. */
import { EXIT, type Verb } from "../verb.ts";

export const mcpVerb: Verb = {
  command: "mcp",
  summary: "serve Petrel to MCP clients, over stdio or HTTP",
  details:
    "Over stdio it acts as you; a client starts it by itself. With --http a gateway serves it at /mcp, with the gateway's access tokens; so does the gateway of `petrel up`. Gates are decided by people, never through MCP.",
  examples: ["petrel mcp", "petrel mcp --read-only", "petrel mcp --http --port 0"],
  options: [
    { flags: "--read-only", about: "only tools that look" },
    { flags: "--http", about: "serve over HTTP, by a gateway of its own" },
    { flags: "--host <address>", about: "with --http: where to listen (default: 127.0.0.1)" },
    { flags: "--port <n>", about: "with --http: the port (default: 8485; 0 takes a free one)" },
  ],
  run: async (call) => {
    const { petrel, out } = call;
    const readOnly = call.on("readOnly");
    if (call.on("http")) {
      const options = {
        ...{ dir: call.dir, host: call.text("host") ?? "127.0.0.1", port: call.integer("port") ?? 8485 },
        ...{ anyPort: false, logLevel: call.logLevel, trustProxy: [], expert: false, mcpReadOnly: readOnly },
      };
      const { runGateway } = await import("../processes/gateway-process.ts");
      await runGateway(petrel, options, petrel.signal, (url) => {
        const address = `${url}/mcp${readOnly ? "?read-only" : ""}`;
        if (out.json) petrel.stdout.write(`${JSON.stringify({ ready: true, mcp: address, pid: process.pid })}\n`);
        else out.say(`MCP clients find Petrel at ${address}, with an access token of the gateway. Ctrl-C stops it.`);
      });
      return EXIT.ok;
    }
    // Read only here: no other command waits for these modules.
    const [sdk, { serveStdio }, { petrelMcp }] = await Promise.all([
      import("@modelcontextprotocol/server"),
      import("@modelcontextprotocol/server/stdio"),
      import("../../gateway/mcp/server.ts"),
    ]);
    await call.withBroker(async (broker) => {
      const ended = new AbortController();
      const stopping = AbortSignal.any([petrel.signal, ended.signal]);
      const { clock, version, user } = petrel;
      const handle = serveStdio(() => petrelMcp(sdk, { broker, clock, version, readOnly, nets: null, by: user, stopping }), {
        onerror: (error) => out.say(`mcp: ${error.message}`),
      });
      const input = petrel.stdinEnds();
      await new Promise<void>((resolve) => {
        for (const signal of [petrel.signal, input]) {
          if (signal.aborted) resolve();
          signal.addEventListener("abort", () => resolve(), { once: true });
        }
      });
      ended.abort();
      await handle.close();
    });
    return EXIT.ok;
  },
};
