/** Sub-nets with logs of their own, and the actors of sub-nets. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates are what is checked
import { afterEach, describe, expect, it } from "vitest";
import type { ActorNode } from "../../src/actors/actor-tree.ts";
import { logAgreesWithPlaces } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

let kit: MasterKit;
afterEach(async () => kit.stop());

const shop = (by = 2) => ({
  net: "shop",
  places: { orders: { open: true }, done: { sink: true } },
  subnets: {
    billing: {
      log: "own",
      places: { inbox: { port: "in" }, paid: { port: "out" } },
      transitions: {
        pay: {
          kind: "map",
          in: [{ place: "inbox", as: "bill" }],
          value: { n: "${bill.n}", sum: `\${bill.n * ${by}}` },
          out: [{ to: "paid" }],
        },
      },
    },
  },
  transitions: {
    bill: { kind: "link", in: [{ place: "orders" }], to: { subnet: "billing", place: "inbox" } },
    close: { kind: "pass", in: [{ place: "billing--paid", as: "bill" }], out: [{ to: "done" }] },
  },
});
const apply = (definition: object) => kit.ask(null, "apply-net", { definition });
const done = () =>
  [...(kit.stateOf("shop").places.get("done")?.values() ?? [])].map(({ token }) => token.data as { n: number; sum: number });

describe("a sub-net with a log of its own", () => {
  it("is a net of its own, tied to the one around it in both directions, over crashes", async () => {
    kit = await masterKit();
    await apply(shop());
    for (let n = 0; n < 20; n++) await kit.put("shop", "orders", { n }, `p${n}`);
    await waitUntil("some are done", () => done().length > 5);
    await kit.crash();
    await kit.master.termOf("shop");
    for (let n = 0; n < 30; n++) await kit.put("shop", "orders", { n }, `p${n}`);
    await waitUntil("all are done", () => done().length >= 30 && kit.stateOf("shop").transit.size === 0);
    expect(done().sort((a, b) => a.n - b.n)).toEqual(Array.from({ length: 30 }, (_, n) => ({ n, sum: n * 2 })));
    const nets = (await kit.ask(null, "nets")) as { net: string }[];
    expect(nets.map(({ net }) => net).sort()).toEqual(["shop", "shop--billing"]);
    await waitUntil("nothing is on its way back", () => kit.stateOf("shop--billing").transit.size === 0);
    await logAgreesWithPlaces(kit.broker, "shop");
    await logAgreesWithPlaces(kit.broker, "shop--billing");
  });

  it("changes with the net around it, and not by itself", async () => {
    kit = await masterKit();
    await apply(shop());
    await kit.put("shop", "orders", { n: 1 });
    await waitUntil("it is done", () => done().length === 1);
    const before = kit.stateOf("shop--billing").definition;
    await apply(shop(3));
    await waitUntil("the sub-net has changed", () => kit.stateOf("shop--billing").definition !== before);
    await kit.put("shop", "orders", { n: 2 });
    await waitUntil("it is done", () => done().length === 2);
    expect(done()[1]).toEqual({ n: 2, sum: 6 });
    const { definition } = (await kit.ask("shop--billing", "definition")) as { definition: object };
    await expect(apply(definition)).rejects.toMatchObject({ code: "net-invalid" });
    await expect(kit.ask("shop", "define", { definition: { ...shop(), subnets: {} } })).rejects.toMatchObject({ code: "not-a-subnet" });
  });
});

describe("the tree of actors", () => {
  const worker = (place: string, to: string) => ({
    kind: "command",
    persona: "worker",
    pool: "p",
    argv: ["true"],
    in: [{ place, where: "$.go" }],
    out: [{ to }],
  });
  const nested = {
    net: "shop",
    places: { orders: { open: true }, done: { sink: true } },
    subnets: {
      review: {
        title: "Review",
        places: { inbox: { port: "in" }, out: { port: "out" } },
        subnets: {
          deep: { places: { inbox: { port: "in" }, out: { port: "out" } }, transitions: { work: worker("inbox", "out") } },
        },
        transitions: {
          down: { kind: "pass", in: [{ place: "inbox" }], out: [{ to: "deep--inbox" }] },
          up: worker("deep--out", "out"),
        },
      },
    },
    transitions: {
      ask: {
        kind: "link",
        instance: "each",
        in: [{ place: "orders" }],
        to: { subnet: "review", place: "inbox" },
        out: [{ to: "done" }],
      },
    },
  };
  const tree = async () => (await kit.ask(null, "actors")) as ActorNode;
  const find = (node: ActorNode, id: string): ActorNode | undefined =>
    node.id === id ? node : node.children.map((child) => find(child, id)).find((found) => found !== undefined);

  it("shows sub-nets under their net, personas under their sub-net, and instances as long as they are open", async () => {
    kit = await masterKit();
    await kit.ask(null, "apply-persona", {
      persona: { persona: "worker", title: "Worker", flags: "-----", tier: "economy", prompt: "Work." },
    });
    await apply(nested);
    await waitUntil("the actors stand", async () => find(await tree(), "review--deep") !== undefined);
    const review = find(await tree(), "review");
    expect(review).toMatchObject({ kind: "subnet", systemId: "shop/review" });
    expect(review?.children.map(({ id, kind }) => `${kind} ${id}`).sort()).toEqual(["persona review--up/1", "subnet review--deep"]);
    expect(find(await tree(), "review--deep")?.children.map(({ id }) => id)).toEqual(["review--deep--work/1"]);
    expect(find(await tree(), "shop")?.children.map(({ id }) => id)).toEqual(["review"]);
    await kit.put("shop", "orders", { n: 1 });
    await waitUntil(
      "an instance is open",
      async () => find(await tree(), "review")?.children.some(({ kind }) => kind === "instance") ?? false,
    );
    const [firing] = [...kit.stateOf("shop").firings.values()].filter(({ subnet }) => subnet);
    expect(find(await tree(), firing?.firing ?? "")).toMatchObject({ kind: "instance", state: "open" });
    const inside = () => [...(kit.stateOf("shop").places.get("review--deep--inbox")?.keys() ?? [])];
    await waitUntil("its token waits inside", () => inside().length === 1);
    await kit.crash();
    await kit.master.termOf("shop");
    await waitUntil("it stands again after a crash", async () => find(await tree(), firing?.firing ?? "") !== undefined);
    await kit.ask("shop", "move", { place: "review--deep--inbox", id: inside()[0], to: "review--out" });
    await waitUntil("it is gone with its result", async () => find(await tree(), firing?.firing ?? "") === undefined);
    expect(kit.stateOf("shop").places.get("done")?.size).toBe(1);
  });
});
