/** A rule that another one has replaced, or a later one beside it: what still ends or comes for the one of before leaves the other's record. */
import { expect, it } from "vitest";
import { nextSettling } from "../../../src/actors/crystal/crystal-keeper.ts";
import type { Json, JsonObject } from "../../../src/contract/json.ts";
import { compileNet } from "../../../src/net/compiled-net.ts";
import { ruleId } from "../../../src/net/crystal/compiled.ts";
import type { CrystalFile } from "../../../src/net/crystal/definition.ts";
import { missedAuditDraft } from "../../../src/net/crystal/missed-audit.ts";
import { stagesOf } from "../../../src/net/crystal/stages.ts";
import { type NetDefinition, netSchema } from "../../../src/net/definition.ts";
import { foldEvents } from "../../../src/net/fold.ts";
import { settleDraft } from "../../../src/net/settle.ts";
import { Bench } from "../../support/net-state.ts";
import { crystalOf, type RuleFile, ticketRule, triageNet } from "../../support/ticket-rule.ts";

const answering = (owner: string): RuleFile => ({
  ...ticketRule,
  answer: {
    kind: "object",
    fields: { owner: { kind: "table", keys: [{ path: "/ticket/area" }], rows: [{ when: ["net"], give: owner }] } },
  },
});
const netOf = (crystal: CrystalFile): NetDefinition => netSchema.parse({ net: "n", ...triageNet(crystal) });
const idOf = (one: NetDefinition): string => {
  const { triage } = one.transitions;
  return triage && "crystal" in triage && triage.crystal ? ruleId(triage.crystal.rule) : "";
};
const edit = (own: Bench, version: string, before: NetDefinition | null, after: NetDefinition) =>
  own.event("edited", { netVersion: version, attributes: { crystallized: stagesOf(before, after, "ada", null) } });
const says = (own: Bench, stage: JsonObject) => own.event("edited", { attributes: { crystallized: [{ transition: "triage", ...stage }] } });
const record = (own: Bench) => own.state.crystals.get("triage");
const agreesWithLog = (own: Bench) => expect(foldEvents("n", own.log).crystals).toEqual(own.state.crystals);

/** A live rule, audited each time, with an audit under way. */
function audited(crystal: Partial<CrystalFile> = {}) {
  const first = crystalOf({ audit: 1, ...crystal });
  const own = new Bench(triageNet(first));
  edit(own, "v1", null, netOf(first));
  own.put("tickets", { area: "net" });
  expect(own.fire("triage")?.type).toBe("started");
  return { own, before: netOf(first) };
}
function answer(own: Bench, value: Json) {
  const [firing] = own.state.firings.values();
  const transition = own.net.transitions.get("triage");
  if (!firing || !transition) throw new Error("nothing is under way");
  return own.commit(settleDraft(own.state, own.net, transition, firing, { ok: true, value }, own.now, 0.5));
}

it("replaced while an audit is under way: what that says is none of the new rule's", () => {
  const { own, before } = audited();
  const after = netOf(crystalOf({ audit: 1, rule: answering("zoe") }));
  edit(own, "v2", before, after);
  const standing = structuredClone(record(own));
  expect(standing?.rule).toBe(idOf(after));
  const ended = answer(own, { owner: "ada" });
  expect(ended.attributes?.crystal).toMatchObject({ rule: idOf(before), same: true });
  expect(record(own)).toEqual(standing);
  agreesWithLog(own);
});

it("an edit between that leaves the rule leaves the audit too", () => {
  const { own, before } = audited();
  edit(own, "v2", before, before);
  answer(own, { owner: "ada" });
  expect(record(own)).toMatchObject({ rule: idOf(before), audit: { same: 1, other: 0 } });
  agreesWithLog(own);
});

it("that a step asks something else says nothing of a rule that has come since", () => {
  const { own, before } = audited();
  const after = netOf(crystalOf({ rule: answering("zoe") }));
  edit(own, "v2", before, after);
  says(own, { stage: "asks-otherwise", rule: idOf(before), mode: "live" });
  expect(record(own)).toMatchObject({ rule: idOf(after) });
  expect(record(own)?.outdated).toBeUndefined();
  says(own, { stage: "asks-otherwise", rule: idOf(after), mode: "live" });
  expect(record(own)?.outdated).toBe(own.state.seq);
  agreesWithLog(own);
});

it("a later rule that goes takes only the question about itself along", () => {
  const { own, before } = audited();
  const rule = idOf(before);
  const asks = (about: string) => {
    const token = own.put("done", { about }, { id: `t-${about}` });
    own.log.pop();
    return own.event("crystallized", {
      produced: [{ place: "done", token }],
      attributes: { crystallized: [{ stage: about === "replace" ? "shadowed" : about, transition: "triage", rule, about }] },
    });
  };
  asks("unwatched");
  expect(record(own)?.notice).toMatchObject({ about: "unwatched" });
  says(own, { stage: "dropped", rule, next: "other" });
  expect(record(own)?.notice).toMatchObject({ about: "unwatched" });
  asks("replace");
  expect(record(own)?.notice).toMatchObject({ about: "replace" });
  says(own, { stage: "dropped", rule, next: "other" });
  expect(record(own)?.notice).toBeNull();
});

/** A later rule has been beside the live one for long enough, and people are asked. */
function askedToReplace() {
  const file = (owner: string | null) =>
    netOf(crystalOf({ audit: 1, ...(owner === null ? {} : { next: { rule: answering(owner), shadow: 1, promote: "people" as const } }) }));
  const own = new Bench(file("zoe"));
  edit(own, "v1", null, file(null));
  edit(own, "v2", file(null), file("zoe"));
  own.put("tickets", { area: "net" });
  expect(own.fire("triage")?.type).toBe("started");
  answer(own, { owner: "zoe" });
  expect(own.fire("triage")?.attributes?.crystallized).toMatchObject([{ about: "replace" }]);
  const firing = own.fire("triage")?.firing ?? "";
  const put = (before: string, owner: string) => {
    edit(own, "v3", file(before), file(owner));
    own.net = compileNet(file(owner), "v3");
  };
  const approve = () => {
    own.event("decided", { firing, attributes: { decision: "approve", by: "ada", passed: true } });
    return own.fire("triage")?.attributes?.crystallized;
  };
  return { own, put, approve, settling: () => nextSettling(own.state, own.net.transitions.values()) };
}

it("a yes is about the later rule that was asked about", () => {
  const { own, put, approve, settling } = askedToReplace();
  expect(approve()).toMatchObject([{ stage: "answered", about: "replace", approve: true }]);
  expect(settling()?.crystal).toMatchObject({ mode: "live", rule: answering("zoe") });
  // What was said of it is not said of another one that comes before it is carried out.
  put("zoe", "kim");
  expect([record(own)?.said, settling()]).toEqual([null, null]);
  agreesWithLog(own);
});

it("another later rule in the place of the one that people are asked about takes the question away", () => {
  const { own, put, approve, settling } = askedToReplace();
  put("zoe", "kim");
  expect(record(own)).toMatchObject({ notice: null, next: { same: 0, other: 0 } });
  expect(approve()).toMatchObject([{ stage: "withdrawn", about: "replace" }]);
  expect(settling()).toBeNull();
  agreesWithLog(own);
});

it.each([
  ["says otherwise: no answer goes out for an audit that is missed", "zoe", null],
  ["says the same: its answer goes out", "ada", { owner: "ada" }],
])("a later rule beside it %s", (_, owner, wanted) => {
  const { own } = audited({ next: { rule: answering(owner) } });
  const [firing] = own.state.firings.values();
  const transition = own.net.transitions.get("triage");
  if (!firing || !transition?.crystal) throw new Error("nothing is under way");
  const about = { net: own.net, transition, firing, running: transition.crystal };
  const draft = missedAuditDraft(own.state, about, { code: "budget-spent", message: "spent" }, () => true, own.now);
  expect(draft?.produced?.[0]?.token.data ?? null).toEqual(wanted);
});
