/** The engine on the in-memory broker: what goes in comes out once, whatever dies. */
import { afterEach, describe, expect, it } from "vitest";
import { foldEvents } from "../../src/net/fold.ts";
import { markingOf } from "../../src/net/state.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

let kit: MasterKit;
afterEach(async () => kit.stop());

const chain = {
  net: "chain",
  places: { start: { open: true }, middle: {}, end: { sink: true } },
  transitions: {
    first: { kind: "pass", in: [{ place: "start", as: "job" }], out: [{ to: "middle" }] },
    second: {
      kind: "map",
      value: { title: "${job.title}", n: "${job.n + 1}" },
      in: [{ place: "middle", as: "job" }],
      out: [{ to: "end" }],
    },
  },
};

const marking = () => markingOf(kit.stateOf("chain"));

describe("a chain of pass and map", () => {
  it("carries a token to its end, with provenance, in the log and in the place streams", async () => {
    kit = await masterKit();
    await kit.ask(null, "apply-net", { definition: chain });
    const id = await kit.put("chain", "start", { title: "hello", n: 1 });
    await waitUntil("the token is at the end", () => (marking().end?.length ?? 0) === 1);
    const { tokens } = (await kit.ask("chain", "tokens", { place: "end" })) as {
      tokens: { data: unknown; from: { transition: string }; correlation: string }[];
    };
    const [token] = tokens;
    expect(token?.data).toEqual({ title: "hello", n: 2 });
    expect(token?.from.transition).toBe("second");
    expect(token?.correlation).toBe(`c-${id.slice(2)}`);
    await waitUntil(
      "the place streams follow",
      () => kit.hub.places.get("chain/end")?.size === 1 && (kit.hub.places.get("chain/start")?.size ?? 0) === 0,
    );
  });

  it("takes a put with the same Petrel-Token once", async () => {
    kit = await masterKit();
    await kit.ask(null, "apply-net", { definition: chain });
    const ids = await Promise.all([1, 2, 3].map(() => kit.put("chain", "start", { title: "x", n: 1 }, "same")));
    expect(new Set(ids).size).toBe(1);
    await waitUntil("the token is at the end", () => (marking().end?.length ?? 0) >= 1);
    expect(await kit.put("chain", "start", { title: "x", n: 1 }, "same")).toBe(ids[0]);
    expect(marking().end).toHaveLength(1);
  });

  it("is the fold of its log, also after a crash in the middle of 200 tokens", async () => {
    kit = await masterKit();
    await kit.ask(null, "apply-net", { definition: chain });
    const puts = Array.from({ length: 200 }, (_, n) => kit.put("chain", "start", { title: "x", n }, `p${n}`).catch(() => null));
    await waitUntil("some are through", () => (marking().end?.length ?? 0) >= 20);
    await kit.crash();
    await Promise.allSettled(puts);
    await kit.master.termOf("chain");
    for (let n = 0; n < 200; n++) await kit.put("chain", "start", { title: "x", n }, `p${n}`);
    await waitUntil("all are through", () => (marking().end?.length ?? 0) === 200);
    const events: never[] = [];
    await kit.broker.log("chain").read(0, (entry) => events.push(...(entry.events as never[])));
    expect(markingOf(foldEvents("chain", events))).toEqual(marking());
    await waitUntil(
      "the place streams are equal",
      () => kit.hub.places.get("chain/end")?.size === 200 && (kit.hub.places.get("chain/middle")?.size ?? 0) === 0,
    );
    expect(new Set([...(kit.hub.places.get("chain/end")?.values() ?? [])].map((token) => (token.data as { n: number }).n)).size).toBe(200);
  });

  it("tells of a fault in a condition or an order where it stands in what was written", async () => {
    kit = await masterKit();
    await kit.ask(null, "apply-net", { definition: chain });
    for (const n of [1, 2, 3]) await kit.put("chain", "start", { title: "x", n });
    await waitUntil("all are through", () => (marking().end?.length ?? 0) === 3);
    const ask = (body: object) => kit.ask("chain", "tokens", { place: "end", ...body });
    const told = async (body: object) => ((await ask(body).catch((error: unknown) => error)) as Error).message.split("\n");
    expect(await told({ where: "$.n >" })).toEqual([expect.any(String), "  $.n >", "       ^"]);
    expect(await told({ where: "$.n > 1 LIMIT 1" })).toEqual([expect.any(String), "  $.n > 1 LIMIT 1", "          ^"]);
    expect(await told({ where: "$.n > 1", orderBy: "$.n DOWN" })).toEqual([expect.any(String), "  $.n DOWN", "      ^"]);
    expect(await ask({ where: "n > 2", orderBy: "n DESC" })).toMatchObject({ tokens: [{ data: { n: 4 } }, { data: { n: 3 } }], total: 2 });
  });

  it("shows what cannot be taken in, with reason and hint", async () => {
    kit = await masterKit();
    await kit.ask(null, "apply-net", {
      definition: { ...chain, places: { ...chain.places, start: { open: true, schema: { type: "object", required: ["title"] } } } },
    });
    await expect(kit.put("chain", "start", { n: 1 })).rejects.toMatchObject({ code: "schema" });
    await expect(kit.put("chain", "middle", { n: 1 })).rejects.toMatchObject({ code: "place-not-open" });
    await expect(kit.put("chain", "nowhere", { n: 1 })).rejects.toMatchObject({ code: "unknown-place" });
    const { tokens } = (await kit.ask("chain", "tokens", { place: "rejected" })) as {
      tokens: { data: { reason: string; hint: string } }[];
    };
    expect(tokens.map(({ data }) => data.reason).join()).toMatch(/title.*takes nothing from outside.*no place nowhere/);
  });
});
