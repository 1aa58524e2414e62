/** Whose answers a token rests on: not those that a lock or a tally once lay beside, nor those that were only read, nor one of too many. */
import { expect, it } from "vitest";
import { Origins } from "../../../src/actors/crystal/origins.ts";
import type { NetEvent } from "../../../src/contract/event.ts";

const origins = () => new Origins((transition) => transition === "write");
type Placed = `${string}/${string}`;
interface Fired {
  takes?: Placed[];
  gives: Placed[];
  reads?: Placed[];
}
/** Tokens are named by place and id. */
function fire(own: Origins, transition: string, firing: string, { takes = [], gives, reads = [] }: Fired): void {
  const split = (one: Placed) => ({ place: one.split("/")[0] ?? "", id: one.split("/")[1] ?? "" });
  const [consumed, read] = [takes.map(split), reads.map(split)];
  const from = { net: "n", transition, firing, tokens: [...consumed, ...read].map(({ id }) => id) };
  const produced = gives.map(split).map(({ place, id }) => ({ place, token: { id, from } }));
  own.follow({ type: "fired", transition, firing, consumed, read, produced } as unknown as NetEvent);
}
const nearest = (own: Origins, token: string) => own.nearest(token).flatMap(([, firings]) => [...firings]);

it("a lock that is taken and put back hands nothing on", () => {
  const own = origins();
  fire(own, "write", "f1", { gives: ["drafts/a"] });
  fire(own, "shape", "g1", { takes: ["drafts/a", "slot/s0"], gives: ["done/a2", "slot/s1"] });
  fire(own, "write", "f2", { gives: ["drafts/b"] });
  fire(own, "shape", "g2", { takes: ["drafts/b", "slot/s1"], gives: ["done/b2", "slot/s2"] });
  expect([nearest(own, "a2"), nearest(own, "b2"), nearest(own, "s2")]).toEqual([["f1"], ["f2"], []]);
});

it("work that goes round by itself, or that gives its lock back elsewhere, is followed", () => {
  const own = origins();
  fire(own, "write", "f1", { gives: ["drafts/a"] });
  fire(own, "polish", "g1", { takes: ["drafts/a"], gives: ["drafts/b"] });
  fire(own, "free", "g2", { takes: ["drafts/b", "locks/l"], gives: ["drafts/c"] });
  expect(nearest(own, "c")).toEqual(["f1"]);
});

it("what is only read hands nothing on", () => {
  const own = origins();
  fire(own, "write", "f1", { gives: ["board/w"] });
  fire(own, "write", "f2", { gives: ["drafts/a"] });
  fire(own, "shape", "g1", { takes: ["drafts/a"], reads: ["board/w"], gives: ["done/b"] });
  expect(nearest(own, "b")).toEqual(["f2"]);
});

it.each([20, 21, 22, 41, 50])("a tally of %i answers blames all of them up to twenty, and then none", (many) => {
  const own = origins();
  fire(own, "begin", "b", { gives: ["tally/t0"] });
  for (let n = 1; n <= many; n += 1) {
    fire(own, "write", `f${n}`, { gives: [`drafts/d${n}`] });
    fire(own, "add", `g${n}`, { takes: [`drafts/d${n}`, `tally/t${n - 1}`], gives: [`tally/t${n}`] });
  }
  expect(nearest(own, `t${many}`)).toHaveLength(many > 20 ? 0 : many);
  // What is answered anew is one answer.
  fire(own, "write", "last", { takes: [`tally/t${many}`], gives: ["done/e"] });
  expect(nearest(own, "e")).toEqual(["last"]);
  expect([...own.firingsOf("e", "write")]).toEqual(["last"]);
});
