// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates are what is checked
import { describe, expect, it } from "vitest";
import { type CheckContext, checkNetFile, formatProblem } from "../../src/net/check.ts";
import { compileNet } from "../../src/net/compiled-net.ts";
import { type NetFile, netSchema, type SubnetFile } from "../../src/net/definition.ts";
import { flattenNet } from "../../src/net/flatten.ts";
import { versionOf } from "../../src/net/version.ts";

const review = (): SubnetFile => ({
  title: "Review",
  places: { inbox: { port: "in" }, work: {}, verdicts: { port: "out" } },
  transitions: {
    begin: { kind: "pass", in: [{ place: "inbox" }], out: [{ to: "work" }] },
    end: { kind: "map", value: { n: "${work.n}", ok: true }, in: [{ place: "work" }], out: [{ to: "verdicts" }], onError: "verdicts" },
  },
});
const shop = (): NetFile & { subnets: Record<string, SubnetFile> } => ({
  net: "shop",
  places: { orders: { open: true }, done: { sink: true } },
  subnets: { review: review() },
  transitions: {
    ask: { kind: "link", in: [{ place: "orders" }], to: { subnet: "review", place: "inbox" } },
    collect: { kind: "pass", in: [{ place: "review--verdicts" }], out: [{ to: "done" }] },
  },
});
const each = () => {
  const net = shop();
  net.transitions = {
    ask: { kind: "link", instance: "each", in: [{ place: "orders" }], to: { subnet: "review", place: "inbox" }, out: [{ to: "done" }] },
  };
  return net;
};

function problems(net: object, context: CheckContext = {}): string[] {
  return checkNetFile(JSON.stringify(net, null, 1), "shop.json", context).problems.map((problem) => formatProblem(problem));
}
function codes(net: object, context: CheckContext = {}): string[] {
  return checkNetFile(JSON.stringify(net), "shop.json", context).problems.map(({ code }) => code);
}

describe("a net with sub-nets", () => {
  it("is sound, and flat in its log", () => {
    expect(problems(shop())).toEqual([]);
    const { definition, links, scopes } = flattenNet(netSchema.parse(shop()));
    expect(Object.keys(definition.places)).toEqual(["orders", "done", "review--inbox", "review--work", "review--verdicts"]);
    expect(Object.keys(definition.transitions)).toEqual(["ask", "collect", "review--begin", "review--end"]);
    expect(definition.transitions["review--end"]).toMatchObject({
      in: [{ place: "review--work", as: "work" }],
      out: [{ to: "review--verdicts" }],
      onError: "review--verdicts",
    });
    expect(definition.subnets).toBeUndefined();
    expect(links.get("ask")).toEqual({ kind: "shared", place: "review--inbox" });
    expect(scopes.get("review--end")).toBe("review");
  });

  it("leaves a net without any as it is", () => {
    const { subnets: _, ...plain } = shop();
    const definition = netSchema.parse({
      ...plain,
      transitions: { move: { kind: "pass", in: [{ place: "orders" }], out: [{ to: "done" }] } },
    });
    expect(flattenNet(definition).definition).toBe(definition);
  });

  it("nests to any depth, and each level sees the ports of the next one only", () => {
    const deep = (level: number): SubnetFile =>
      level === 0
        ? review()
        : {
            places: { inbox: { port: "in" }, verdicts: { port: "out" } },
            subnets: { inner: deep(level - 1) },
            transitions: {
              down: { kind: "pass", in: [{ place: "inbox" }], out: [{ to: "inner--inbox" }] },
              up: { kind: "pass", in: [{ place: "inner--verdicts" }], out: [{ to: "verdicts" }] },
            },
          };
    const net = { ...shop(), subnets: { review: deep(6) } };
    expect(problems(net)).toEqual([]);
    const { places } = flattenNet(netSchema.parse(net)).definition;
    expect(places).toHaveProperty(["review", ...Array.from({ length: 6 }, () => "inner"), "work"].join("--"));
    const collect: NetFile["transitions"][string] = { kind: "pass", in: [{ place: "review--inner--verdicts" }], out: [{ to: "done" }] };
    expect(codes({ ...net, transitions: { ...net.transitions, collect } })).toContain("unknown-port");
  });

  it("keeps the own names of sub-nets in expressions", () => {
    const net = compileNet(netSchema.parse(shop()), "v1");
    expect(net.transitions.get("review--end")?.inputs[0]?.name).toBe("work");
    expect(net.transitions.get("collect")?.inputs[0]?.name).toBe("reviewVerdicts");
    expect(net.source.subnets).toHaveProperty("review");
  });

  it("is another version when a sub-net changes", () => {
    const net = shop();
    const before = versionOf(netSchema.parse(net));
    (net.subnets.review as { title?: string }).title = "Another review";
    expect(versionOf(netSchema.parse(net))).not.toBe(before);
  });
});

describe("the checker", () => {
  it.each<[string, string, (net: ReturnType<typeof shop>) => void]>([
    [
      "an unknown sub-net",
      "unknown-subnet",
      ({ transitions: { ask } }) => Object.assign(ask ?? {}, { to: { subnet: "revue", place: "inbox" } }),
    ],
    [
      "an unknown port",
      "unknown-port",
      ({ transitions: { ask } }) => Object.assign(ask ?? {}, { to: { subnet: "review", place: "inbux" } }),
    ],
    [
      "a place that is no port",
      "wrong-port",
      ({ transitions: { ask } }) => Object.assign(ask ?? {}, { to: { subnet: "review", place: "work" } }),
    ],
    [
      "an out port that is filled",
      "wrong-port",
      ({ transitions: { ask } }) => Object.assign(ask ?? {}, { to: { subnet: "review", place: "verdicts" } }),
    ],
    [
      "an in port that is taken from",
      "wrong-port",
      ({ transitions: { collect } }) => Object.assign(collect ?? {}, { in: [{ place: "review--inbox" }] }),
    ],
    [
      "an arc into an unknown sub-net",
      "unknown-subnet",
      ({ transitions: { collect } }) => Object.assign(collect ?? {}, { out: [{ to: "revue--inbox" }] }),
    ],
    [
      "a link with two targets",
      "link-target",
      ({ transitions: { ask } }) => Object.assign(ask ?? {}, { to: { subnet: "review", net: "other", place: "inbox" } }),
    ],
    ["a link with none", "link-target", ({ transitions: { ask } }) => Object.assign(ask ?? {}, { to: { place: "inbox" } })],
    ["a shared link with an output", "link-with-out", ({ transitions: { ask } }) => Object.assign(ask ?? {}, { out: [{ to: "done" }] })],
    ["an in port that nothing fills", "port-unused", ({ transitions }) => delete transitions.ask],
    ["an out port that nothing empties", "never-consumed", ({ transitions }) => delete transitions.collect],
    [
      "a sub-net without ports",
      "no-port",
      ({ subnets, transitions }) => {
        subnets.review = {
          places: { a: { open: true }, b: { sink: true } },
          transitions: { t: { kind: "pass", in: [{ place: "a" }], out: [{ to: "b" }] } },
        };
        for (const name of Object.keys(transitions)) delete transitions[name];
        transitions.move = { kind: "pass", in: [{ place: "orders" }], out: [{ to: "done" }] };
      },
    ],
    [
      "an empty sub-net",
      "empty-subnet",
      ({ subnets }) => {
        subnets.spare = {};
      },
    ],
    [
      "a place that Petrel keeps",
      "reserved-place",
      ({ places }) => {
        places["in-transit"] = { open: true, sink: true };
      },
    ],
    [
      "a net named like a sub-net",
      "bad-name",
      (net) => {
        net.net = "shop--review";
      },
    ],
    [
      "a parent that a person wrote",
      "bad-name",
      (net) => {
        net.parent = { net: "mall", subnet: "shop" };
      },
    ],
    [
      "an instance of another net",
      "instance-of-net",
      ({ transitions: { ask } }) => Object.assign(ask ?? {}, { to: { net: "other", place: "inbox" }, instance: "each" }),
    ],
  ])("finds %s", (_, code, change) => {
    const net = shop();
    change(net);
    expect(codes(net)).toContain(code);
  });

  it.each<[string, string, (net: ReturnType<typeof shop>) => void]>([
    [
      "no out port",
      "no-way-back",
      ({ subnets: { review: sub } }) => Object.assign(sub?.places?.verdicts ?? {}, { port: undefined, sink: true }),
    ],
    ["no output", "no-way-back", ({ transitions: { ask } }) => Object.assign(ask ?? {}, { out: [] })],
    ["a log of its own", "own-with-instances", ({ subnets: { review: sub } }) => Object.assign(sub ?? {}, { log: "own" })],
    ["an open place", "open-in-instance", ({ subnets: { review: sub } }) => Object.assign(sub?.places?.work ?? {}, { open: true })],
    [
      "a second, shared link",
      "mixed-instances",
      ({ transitions }) => {
        transitions.also = { kind: "link", in: [{ place: "orders" }], to: { subnet: "review", place: "inbox" } };
      },
    ],
    [
      "an arc to its port",
      "port-of-instances",
      ({ transitions }) => {
        transitions.also = { kind: "pass", in: [{ place: "orders" }], out: [{ to: "review--inbox" }] };
      },
    ],
  ])("refuses instances with %s", (_, code, change) => {
    const net = each();
    expect(codes(net)).toEqual([]);
    change(net);
    expect(codes(net)).toContain(code);
  });

  it("warns of an out port that no output is for, unless failures are caught", () => {
    const net = each();
    Object.assign(net.subnets.review?.places ?? {}, { gone: { port: "out" } });
    const ask = net.transitions.ask ?? {};
    expect(problems(net)).toEqual([]);
    Object.assign(ask, { out: [{ to: "done", port: "verdicts" }] });
    expect(problems(net)).toEqual([expect.stringMatching(/no output for a result that leaves review by its port "gone"[\s\S]*"onError"/)]);
    Object.assign(ask, { onError: "done" });
    expect(problems(net)).toEqual([]);
  });

  it("names the sub-net, the line and the column of what is wrong inside", () => {
    const net = shop();
    Object.assign(net.subnets.review?.transitions?.end ?? {}, { in: [{ place: "wrok" }] });
    const found = problems(net).find((problem) => problem.includes("unknown-place")) ?? "";
    expect(found).toMatch(/^shop\.json:\d+:\d+: error: in sub-net "review": transition "end", input 1, "place" names place "wrok"/);
    expect(found).toContain('did you mean "work"?');
  });

  it("tells an unknown field of a sub-net from the known ones", () => {
    const net = shop();
    Object.assign(net.subnets.review ?? {}, { plaecs: {} });
    expect(problems(net)).toEqual([expect.stringContaining('did you mean "places"?')]);
  });
});

describe("a sub-net in a file of its own", () => {
  const files = (given: Record<string, object | string>): CheckContext => ({
    read: (path, from) => {
      const file = `${from.includes("/") ? from.slice(0, from.lastIndexOf("/") + 1) : ""}${path}`;
      const found = given[file];
      return found === undefined ? null : { file, text: typeof found === "string" ? found : JSON.stringify(found) };
    },
  });
  const outer = () => ({ ...shop(), subnets: { review: { file: "sub/review.json" } } });
  const inner = () => ({ $schema: "../../schemas/net.schema.json", net: "review", ...review() });

  it("stands in the definition as if it were written there", () => {
    const checked = checkNetFile(JSON.stringify(outer()), "shop.json", files({ "sub/review.json": inner() }));
    expect(checked.problems).toEqual([]);
    expect(checked.definition).toEqual(netSchema.parse(shop()));
    expect(codes(inner())).toEqual([]);
  });

  it("tells what is wrong in it in its own lines", () => {
    const wrong = inner();
    Object.assign(wrong.transitions?.end ?? {}, { in: [{ place: "wrok" }] });
    const found = problems(outer(), files({ "sub/review.json": JSON.stringify(wrong, null, 1) }));
    expect(found.every((problem) => problem.startsWith("sub/review.json:"))).toBe(true);
    expect(found).toContainEqual(expect.stringMatching(/^sub\/review\.json:\d+:\d+: error: transition "end", input 1/));
  });

  it("is missed when it is not there, and refused when it holds itself", () => {
    expect(codes(outer())).toEqual(["no-such-file"]);
    const loop = { ...inner(), subnets: { again: { file: "other.json" } } };
    const other = { ...inner(), net: "other", subnets: { again: { file: "review.json" } } };
    expect(codes(outer(), files({ "sub/review.json": loop, "sub/other.json": other }))).toEqual(["subnet-cycle"]);
    expect(codes({ ...shop(), subnets: { review: { file: "shop.json" } } }, files({ "shop.json": shop() }))).toEqual(["subnet-cycle"]);
    expect(
      codes({ ...shop(), subnets: { review: { file: "sub/review.json", places: {} } } }, files({ "sub/review.json": inner() })),
    ).toEqual(["file-and-more"]);
  });
});
