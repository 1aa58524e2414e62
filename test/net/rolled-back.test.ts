/** An older version beside what came since: nothing of the running net is missing, and nothing new fires. */
import { expect, it } from "vitest";
import { checkNet } from "../../src/net/check.ts";
import { compileNet } from "../../src/net/compiled-net.ts";
import { netSchema } from "../../src/net/definition.ts";
import { rolledBack } from "../../src/net/rolled-back.ts";

const pass = (from: string, to: string) => ({ kind: "pass", in: [{ place: from }], out: [{ to }] });
const inner = (more: object = {}, places: object = {}) => ({
  places: { in: { port: "in" }, out: { port: "out" }, ...places },
  transitions: { go: pass("in", "out"), ...more },
});
const older = { net: "n", places: { a: { open: true }, b: {} }, transitions: { t: pass("a", "b") }, subnets: { s: inner() } };
const running = {
  net: "n",
  title: "newer",
  places: { a: { open: true, capacity: 3 }, b: {}, c: {} },
  transitions: { t: { ...pass("a", "c"), guard: "true" }, u: pass("b", "c") },
  subnets: { s: inner({ again: pass("mid", "in") }, { mid: {} }), added: inner() },
};

it("keeps what came since, silenced, at every level, and is the old net in all else", () => {
  const { definition, silenced, kept } = rolledBack(older, running);
  expect(kept).toEqual(["c", "s--mid", "added--in", "added--out"]);
  expect(silenced).toEqual(["u", "s--again", "added--go"]);
  expect(definition).toMatchObject({ places: { a: { open: true } }, transitions: { t: pass("a", "b"), u: { guard: "false" } } });
  expect(definition).not.toHaveProperty("title");
  expect(definition.places).not.toHaveProperty("a.capacity");
  const flat = (source: object) => compileNet(netSchema.parse(source), "v");
  const [before, after] = [flat(running), flat(definition)];
  expect([...before.transitions.keys()].filter((id) => !after.transitions.has(id))).toEqual([]);
  expect(Object.keys(before.definition.places).filter((place) => !(place in after.definition.places))).toEqual([]);
});

it("runs also where nothing fills any more what a newer transition takes from", () => {
  const [one, other] = [
    { net: "n", places: { a: { open: true }, b: { sink: true } }, transitions: { t: pass("a", "b") } },
    { net: "n", places: { a: { open: true }, b: {}, c: {}, d: { sink: true } }, transitions: { t: pass("a", "c"), u: pass("c", "d") } },
  ];
  const { definition } = rolledBack(one, other);
  const errors = (source: object) => checkNet(netSchema.parse(source)).filter(({ severity }) => severity === "error");
  expect(errors(definition)).toEqual([]);
  const transitions = { ...(definition.transitions as object), u: pass("c", "d") };
  expect(errors({ ...definition, transitions }).map(({ code }) => code)).toEqual(["unreachable-place"]);
});

it("is the very same where nothing came since", () => {
  expect(rolledBack(older, { ...older, title: "x" })).toEqual({ definition: older, silenced: [], kept: [] });
});
