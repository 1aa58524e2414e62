/** `petrel mcp` over stdio, started by the official client as a coding agent starts it. */

import { writeFileSync } from "node:fs";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtCli, CLI, Desk, isAlive } from "../support/petrel-process.ts";
import { waitUntil } from "../support/wait-until.ts";
import { up } from "./team.ts";

describe("petrel mcp", () => {
  const desk = new Desk("mcp");
  beforeAll(builtCli);
  afterAll(() => desk.clear());

  test("a client follows the event line, finds where work waits, and proposes an edit", { timeout: 180_000 }, async () => {
    await up(desk);
    const net = {
      net: "desk",
      places: { inbox: { open: true }, held: {}, done: { sink: true }, proposals: { open: true, sink: true } },
      transitions: {
        take: { kind: "pass", in: [{ place: "inbox", as: "t" }], out: [{ to: "held" }] },
        release: { kind: "pass", in: [{ place: "held", as: "t" }], out: [{ to: "done" }], gate: { approvers: ["role:maintainer"] } },
      },
    };
    writeFileSync(desk.path("desk.json"), JSON.stringify(net));
    await desk.json(["net", "apply", "desk.json"]);
    const transport = (...more: string[]) =>
      new StdioClientTransport({
        command: process.execPath,
        args: [CLI, "mcp", "--dir", desk.path(".petrel"), ...more],
        cwd: desk.cwd,
        stderr: "pipe",
      });
    const wire = transport();
    const client = new Client({ name: "peer", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
    await client.connect(wire);
    const { pid } = wire;
    const call = async (name: string, input: Record<string, unknown>) =>
      JSON.parse(((await client.callTool({ name, arguments: input })).content as { text: string }[])[0]?.text ?? "{}") as Record<
        string,
        unknown
      >;
    const put = await call("token_put", { net: "desk", place: "inbox", data: { n: 1 } });
    expect(put.id).toMatch(/^t-/);
    expect(await call("answer_wait", { net: "desk", id: put.id, seq: put.seq, place: "held", seconds: 30 })).toMatchObject({
      state: "there",
    });
    await waitUntil("the gate is shown", async () => ((await call("gates_list", { net: "desk" })).gates as unknown[]).length === 1);
    expect(await call("places_list", { net: "desk" })).toMatchObject({
      places: expect.arrayContaining([expect.objectContaining({ place: "held", tokens: 1 })]),
    });
    expect(await call("net_propose", { net: "desk", definition: { ...net, title: "Desk" }, reason: "a title" })).toMatchObject({
      ok: true,
      place: "proposals",
    });
    expect(((await call("net_read", { net: "desk" })).definition as { title?: string }).title).toBeUndefined();
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toContain("petrel://nets/desk/events");
    await client.close();
    await waitUntil("the server has gone with its client", () => pid === null || !isAlive(pid));

    const reader = new Client({ name: "peer", version: "1.0.0" });
    await reader.connect(transport("--read-only"));
    expect((await reader.listTools()).tools.map(({ name }) => name)).not.toContain("token_put");
    await reader.close();
  });
});
