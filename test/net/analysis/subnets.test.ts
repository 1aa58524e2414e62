/** Nets with sub-nets: all levels are looked at together, and each finding stands where its element is declared. */
import { describe, expect, test } from "vitest";
import { analyseDefinition } from "../../../src/net/analysis/analyse-definition.ts";
import { type NetFile, netSchema, type SubnetFile } from "../../../src/net/definition.ts";

const analyse = (net: NetFile) => analyseDefinition(netSchema.parse(net), { states: 50_000, seconds: 10, clock: { now: () => 0 } });

const halves = (): SubnetFile => ({
  places: { inbox: { port: "in" }, left: {}, right: {}, joined: { port: "out" } },
  transitions: {
    split: { kind: "pass", route: "all", in: [{ place: "inbox" }], out: [{ to: "left" }, { to: "right" }] },
    join: { kind: "pass", in: [{ place: "left" }, { place: "right" }], out: [{ to: "joined" }] },
  },
});
const net = (subnet: SubnetFile, instance: "shared" | "each" = "shared"): NetFile => ({
  net: "shop",
  places: { orders: { open: true }, done: { sink: true } },
  subnets: { review: subnet },
  transitions:
    instance === "each"
      ? { ask: { kind: "link", instance, in: [{ place: "orders" }], to: { subnet: "review", place: "inbox" }, out: [{ to: "done" }] } }
      : {
          ask: { kind: "link", in: [{ place: "orders" }], to: { subnet: "review", place: "inbox" } },
          collect: { kind: "pass", in: [{ place: "review--joined" }], out: [{ to: "done" }] },
        },
});

describe("sub-nets in the analysis", () => {
  test.each([
    ["shared", net(halves())],
    ["with instances", net(halves(), "each")],
    ["with a log of their own", net({ ...halves(), log: "own" })],
  ])("%s: a sound net has no findings", (_, definition) => {
    const { findings, states, bound } = analyse(definition);
    expect(findings).toEqual([]);
    expect(states).toBe(5);
    expect(bound).toHaveProperty("review--left", 1);
  });

  test("what goes wrong inside is found, and stands where it is declared", () => {
    const broken = halves();
    broken.transitions = { ...broken.transitions, split: { kind: "pass", in: [{ place: "inbox" }], out: [{ to: "left" }] } };
    const { findings } = analyse(net(broken));
    expect(findings.map(({ code, path }) => [code, path.join(".")])).toEqual([
      ["dead-transition", "transitions.collect"],
      ["dead-transition", "subnets.review.transitions.join"],
      ["work-left-behind", "subnets.review.places.left"],
    ]);
  });

  test("a result may leave an instance by each port that an output names", () => {
    const two = halves();
    two.places = { ...two.places, refused: { port: "out" } };
    two.transitions = { ...two.transitions, refuse: { kind: "pass", in: [{ place: "inbox" }], out: [{ to: "refused" }] } };
    const { places, transitions, ...rest } = net(two, "each");
    const out = [
      { to: "done", port: "joined" },
      { to: "problems", port: "refused" },
    ];
    const ask = { ...transitions?.ask, out } as NonNullable<NetFile["transitions"]>[string];
    const { bound, findings } = analyse({ ...rest, places: { ...places, problems: { sink: true } }, transitions: { ask } });
    expect(findings).toEqual([]);
    expect([bound.done, bound.problems]).toEqual([1, 1]);
  });

  test("a result takes the outputs of its own port alone, and by a port that none is for it fails", () => {
    const two = halves();
    two.places = { ...two.places, refused: { port: "out" } };
    const { places, transitions, ...rest } = net(two, "each");
    const asked = (out: object[], more: object = {}) => {
      const ask = { ...transitions?.ask, out, ...more } as NonNullable<NetFile["transitions"]>[string];
      return analyse({ ...rest, places: { ...places, problems: { sink: true } }, transitions: { ask } });
    };
    const ports = [
      { to: "done", port: "joined" },
      { to: "problems", port: "refused" },
    ];
    const { bound, findings } = asked(ports);
    expect([bound.done, bound.problems]).toEqual([1, 0]);
    expect(findings).toMatchObject([
      {
        code: "dead-transition",
        path: ["transitions", "ask"],
        message: expect.stringMatching(/no result .*"ask" .* by the port "refused"/),
      },
    ]);
    two.transitions = { ...two.transitions, refuse: { kind: "pass", in: [{ place: "inbox" }], out: [{ to: "refused" }] } };
    expect(asked(ports).findings).toEqual([]);
    expect(asked(ports.slice(0, 1)).bound).toMatchObject({ done: 1, problems: 0, "dead-letter": 1 });
    expect(asked(ports.slice(0, 1), { onError: "problems" }).bound).toMatchObject({ done: 1, problems: 1 });
  });

  test("what is left in an instance goes with it, and is no work left behind", () => {
    const race = halves();
    race.transitions = {
      split: { kind: "pass", route: "all", in: [{ place: "inbox" }], out: [{ to: "left" }, { to: "joined" }] },
      slow: { kind: "pass", in: [{ place: "left" }], out: [{ to: "right" }] },
      never: { kind: "pass", in: [{ place: "right" }], out: [{ to: "right" }] },
    };
    const codes = (definition: NetFile) => analyse(definition).findings.map(({ code }) => code);
    expect(codes(net(race))).toContain("work-left-behind");
    expect(codes(net(race, "each"))).not.toContain("work-left-behind");
  });
});
