/** What `petrel crystallize` prints on a step's whole way, of a log that an engine wrote: each line is true, and names the next command. */
import { afterEach, beforeEach, expect, it } from "vitest";
import type { MasterKit } from "../support/master-kit.ts";
import { crystalOf, triageNet } from "../support/ticket-rule.ts";
import { waitUntil } from "../support/wait-until.ts";
import type { Stage } from "./stage.ts";
import { triageStage } from "./triage-stage.ts";

const NET = "desk";
const BY = { user: "ada", roles: ["maintainer"] };
let kit: MasterKit;
let stage: Stage;
let end: () => Promise<void>;
let owners: Record<string, string>;
let count: number;

beforeEach(async () => {
  owners = { net: "ada", ui: "bob" };
  count = 0;
  ({ kit, stage, end } = await triageStage((area) => owners[area] ?? "eve"));
});
afterEach(() => end());

const apply = (definition: object) => kit.ask(null, "apply-net", { definition: { net: NET, ...definition } });
const done = () => kit.stateOf(NET).places.get("done")?.size ?? 0;
async function work(area: string, many: number): Promise<void> {
  const before = done();
  for (let n = 0; n < many; n += 1) {
    count += 1;
    await kit.put(NET, "tickets", { area, n: count });
  }
  await waitUntil(`${many} are done`, () => done() >= before + many, 60_000);
}
const said = async (...args: string[]) => {
  const { out, err } = await stage.run("crystallize", ...args);
  return `${out}${err}`;
};
const since = () => kit.stateOf(NET).crystals.get("triage")?.since;

it("says why there is nothing to learn from, at the table and at the step", async () => {
  await apply(triageNet(undefined));
  expect(await said(NET)).toContain("triage: stays with the model: it has answered nothing yet");
  expect(await said("show", NET, "triage")).toContain("triage has no rule: it has answered nothing yet.");
  await work("net", 3);
  expect(await said(NET)).toContain("triage: stays with the model: 3 good examples; 150 are the fewest to learn from");
  expect(await said("promote", NET, "triage")).toContain("triage has no rule to promote");
  expect(await said("undo", NET, "triage")).toContain("its model does all of it already");
});

it("names the answers that are no examples: why, and by which events", async () => {
  const gated = { kind: "pass", in: [{ place: "sorted", as: "job" }], gate: { approvers: ["role:maintainer"] }, out: [{ to: "done" }] };
  const { places, transitions } = triageNet(undefined, { out: [{ to: "sorted" }] });
  await apply({ places: { ...places, sorted: {} }, transitions: { ...transitions, check: gated } });
  for (const area of ["net", "ui", "db"]) await kit.put(NET, "tickets", { area });
  const gates = async () => (await kit.ask(NET, "gates")) as { firing: string }[];
  await waitUntil("three wait", async () => (await gates()).length === 3);
  for (const [at, { firing }] of (await gates()).entries())
    await kit.ask(NET, "decide", { firing, decision: at < 2 ? "reject" : "approve", id: `d${at}` });
  const { json } = await stage.run("crystallize", NET, "--json");
  const [candidate] = (json as unknown as { transitions: { bad: number; badBy: { why: string; count: number; seqs: number[] }[] }[] })
    .transitions;
  expect(candidate).toMatchObject({ bad: 2, badBy: [{ why: "rejected", count: 2, seqs: [expect.any(Number), expect.any(Number)] }] });
  const seqs = candidate?.badBy[0]?.seqs.join(", ") ?? "";
  const sentence = `triage: 2 answers are no examples: 2 rejected at a gate (events ${seqs})`;
  expect(await said(NET)).toContain(sentence);
  expect(await said("show", NET, "triage")).toContain(sentence);
});

it("shows examples of the rule that stands there, not of one that could be learned today", async () => {
  await apply(triageNet(crystalOf({ mode: "shadow", shadow: 2 })));
  // The rule says bob of `ui`; by now the model says zoe, and all that it answered teaches that.
  owners.ui = "zoe";
  await work("ui", 12);
  const shown = await said("show", NET, "triage");
  expect(shown).toContain("It answered otherwise:");
  expect(shown).toMatch(/"area":"ui".*-> \{"owner":"bob"\}; the model: \{"owner":"zoe"\}/);
  await work("db", 6);
  expect(await said("show", NET, "triage")).toMatch(/It leaves to the model:\n {2}event \d+: \{"ticket":\{"area":"db"/);
});

it("says of a rule without a proof that somebody wrote it, and reckons none from what it declined and was audited on", async () => {
  await apply(triageNet(crystalOf({ mode: "live", audit: 1 })));
  await work("net", 6);
  await work("db", 6);
  const shown = await said("show", NET, "triage");
  expect(shown).toContain("It has no proof: somebody wrote it by hand.");
  expect(shown).not.toMatch(/Learned from|Proven on|good enough/);
  expect((await stage.run("crystallize", "show", NET, "triage", "--json")).json).toMatchObject({ proof: null });
});

it("says of a rule that is off how that very one begins again", async () => {
  await apply(triageNet(crystalOf({ mode: "off" })));
  expect(await said("show", NET, "triage")).toContain(`petrel crystallize shadow ${NET} triage --again puts it beside the model`);
  expect(await said("shadow", NET, "triage", "--again")).toContain("beside its model now");
});

it("compares answers as the rule that stands there says", async () => {
  await apply(triageNet(crystalOf({ mode: "shadow", shadow: 50, equality: { fields: { owner: { text: "folded" } } } })));
  owners.ui = "BOB";
  await work("ui", 4);
  const shown = await said("show", NET, "triage");
  expect(shown).toMatch(/It answers as the model did:\n {2}event \d+: .*"area":"ui"/);
  expect(shown).not.toContain("It answered otherwise");
});

it("shows no examples of another rule under the one that stands there", async () => {
  stage.env.ANTHROPIC_API_KEY = "nobody is asked while a rule answers";
  await apply({ ...triageNet(crystalOf({ mode: "live", audit: 1 })), crystallize: { every: 10_000, least: 30 } });
  for (const area of ["net", "ui", "db", "net", "ui", "db"]) await work(area, 8);
  const { json } = await stage.run("crystallize", "show", NET, "triage", "--with-model", "--json");
  // What is told of one rule is of that one.
  expect(json).toMatchObject({ rule: crystalOf().rule, proposal: null, other: { rule: expect.stringMatching(/^r-/) } });
  expect(JSON.stringify(json)).toMatch(/"answered":\[.*"given":\{"owner":"eve"\}/);
  const shown = await said("show", NET, "triage", "--with-model");
  expect(shown).toContain("The rule of triage in desk (live, ");
  expect(shown).not.toMatch(/It answer|It leaves/);
  expect(shown).toMatch(/Another rule was found, r-\w+, learned from its history; it is /);
  expect(await said("show", NET, "triage")).toMatch(/It leaves to the model:\n {2}event \d+: .*"db"/);
});

it("promotes once what is promoted twice: its watch goes on, and one event has told of it", async () => {
  await apply(triageNet(crystalOf({ mode: "shadow", shadow: 2 })));
  await work("net", 2);
  const first = since();
  // Two people at once.
  const promote = (user: string) =>
    kit.ask(NET, "crystal-settle", { transition: "triage", action: "promote", by: { user, roles: ["maintainer"] } }).then(
      (answer) => ((answer as { changed: boolean }).changed ? "promoted" : "as it was"),
      (error: { code: string }) => error.code,
    );
  const both = await Promise.all([promote("ada"), promote("eve")]);
  expect(both.filter((one) => one === "promoted")).toHaveLength(1);
  expect(both.find((one) => one !== "promoted")).toMatch(/^(outdated-base|as it was)$/);
  expect(await said("promote", NET, "triage")).toMatch(/The rule of triage answers already, since event \d+: nothing was changed\./);
  await work("net", 30);
  const before = kit.stateOf(NET).crystals.get("triage");
  expect(before?.since).toBeGreaterThan(first ?? 0);
  expect(before?.answered).toBeGreaterThan(0);
  expect(await said("promote", NET, "triage", "--early")).toContain("answers already");
  expect(kit.stateOf(NET).crystals.get("triage")).toEqual(before);
});

it("tells nobody that a rule answers before the log has it: the event that says so may never get there (E7)", async () => {
  await apply(triageNet(crystalOf({ mode: "shadow", shadow: 2 })));
  await work("net", 2);
  const mode = () => kit.master.terms.get(NET)?.net?.transitions.get("triage")?.crystal?.definition.mode;
  const told: string[] = [];
  const promote = (user: string) =>
    kit.ask(NET, "crystal-settle", { transition: "triage", action: "promote", by: { user, roles: ["maintainer"] } }).then(
      () => void told.push(user),
      () => {},
    );
  kit.broker.faults.rejectAppends = { outlook: "retryable", code: "broker-full", message: "no space left" };
  const ada = promote("ada");
  await waitUntil("it is decided", () => mode() === "live");
  const eve = promote("eve");
  // What is asked later is answered later.
  await kit.ask(NET, "crystals");
  expect(told).toEqual([]);
  const old = kit.master.terms.get(NET);
  Object.assign(kit.broker.faults, { stealSlot: 1, rejectAppends: null });
  kit.clock.jump(5000);
  await Promise.all([ada, eve]);
  await waitUntil("a new term is there", () => kit.master.terms.get(NET) !== old && mode() !== undefined);
  expect([mode(), told]).toEqual(["shadow", []]);
});

it("says what becomes of a shadow that begins anew, and of a rule that people took away", async () => {
  await apply(triageNet(crystalOf({ mode: "shadow", shadow: 5 })));
  await work("net", 3);
  expect(await said("shadow", NET, "triage", "--again")).toContain(
    "Its shadow begins anew: it had been beside the model for 3 of 5 firings.",
  );
  expect(await said("undo", NET, "triage")).toContain("The model does all of triage again.");
  expect(await said("status", NET)).toContain("triage: its rule was taken away, and it is left alone until somebody begins again.");
});

it("tells of a rule file what is wrong with it and where, and of a sound one how good it is, whatever stands there", async () => {
  await apply(triageNet(crystalOf({ mode: "shadow", shadow: 50 })));
  await work("net", 10);
  const rule = (name: string, text: string) => {
    stage.file(name, text);
    return said(NET, "triage", "--rule", name);
  };
  const constant = (owner: string) => JSON.stringify({ guard: [], answer: { kind: "constant", value: { owner } } });
  expect(await rule("cut.json", '{"guard": [],\n "answer": {"kind": "cons')).toMatch(/cut\.json:2:\d+/);
  expect(await rule("field.json", '{"guard": [],\n "answr": {}}')).toMatch(/unknown field "answr"(.|\n)*field\.json:/);
  const other = { guard: [], answer: { kind: "copy", path: "/order/owner" } };
  expect(await rule("other.json", JSON.stringify(other))).toContain("it looks at /order/owner, and the inputs of this step are ticket");
  expect(await rule("wrong.json", constant("zoe"))).toContain("triage: the rule given (wrong.json) is not good enough: ");
  expect(await said("show", NET, "triage", "--rule", "wrong.json")).toContain(
    "The rule was given (wrong.json); nothing was learned for it.",
  );
  expect(await said("shadow", NET, "triage", "--rule", "wrong.json")).toContain("is not proven");
  // Unproven is one thing; what could never answer is another.
  stage.file("unfit.json", JSON.stringify({ guard: [], answer: { kind: "constant", value: { who: "ada" } } }));
  expect(await said("shadow", NET, "triage", "--rule", "unfit.json", "--unproven")).toMatch(
    /no answer of the rule fits the output schema of triage, \{"who":"ada"\} for one(.|\n)*petrel crystallize show desk triage --rule FILE/,
  );
  expect(kit.stateOf(NET).crystals.get("triage")?.shadow).toEqual({ same: 10, other: 0 });
  expect(await said("shadow", NET, "triage", "--rule", "wrong.json", "--unproven")).toContain("is beside its model now");
});

it("at its gate says what is asked and what each answer does; after drift the next command is one that works", async () => {
  await apply(triageNet(crystalOf({ mode: "shadow", shadow: 2 })));
  await work("net", 2);
  const gates = async () => (await stage.run("gate", "ls", NET)).out;
  await waitUntil("people are asked", async () => (await gates()).includes("crystal-triage"));
  expect(await gates()).toContain(
    "May the rule of triage answer? 2 of 2 answers were the model's; approve lets it answer in the model's place, reject drops it.",
  );
  expect(await said("status", NET)).toContain(
    `triage: petrel crystallize show ${NET} triage, then petrel gate approve ${NET} crystal-triage, or reject`,
  );
  // It goes on beside the model until somebody decides.
  await work("net", 1);
  expect((await stage.run("why", NET, "triage")).out).toContain("is in its shadow, 3 firings where 2 were asked for, 0 of them other");
  await said("promote", NET, "triage");
  owners.net = "eve";
  for (let n = 0; n < 60 && !kit.stateOf(NET).crystals.get("triage")?.demoted; n += 1) await work("net", 10);
  await waitUntil("people are asked again", async () => (await gates()).includes("was demoted"));
  expect(await gates()).toMatch(/The rule of triage was demoted: .+ audits disagree .+; approve sends it back beside the model/);
  const refused = await said("promote", NET, "triage");
  expect(refused).toContain(`petrel crystallize shadow ${NET} triage --again`);
  expect(await said("show", NET, "triage")).toContain(`petrel crystallize shadow ${NET} triage --again lets it begin again`);
  expect(await said("shadow", NET, "triage", "--again")).toContain("beside its model now");
  expect(await said("show", NET, "triage")).toContain(
    `After 2 firings beside the model (0 so far) petrel crystallize promote ${NET} triage puts it in the model's place.`,
  );
});

it("names no gate any more once people have said no to a rule that drift took away", async () => {
  await apply(triageNet(crystalOf({ mode: "live", audit: 1 })));
  owners.net = "eve";
  for (let n = 0; n < 60 && !kit.stateOf(NET).crystals.get("triage")?.demoted; n += 1) await work("net", 10);
  await waitUntil("people are asked", async () => (await stage.run("gate", "ls", NET)).out.includes("was demoted"));
  expect(await said("status", NET)).toContain("petrel gate approve desk crystal-triage, or reject");
  expect(await said("show", NET, "triage")).toContain(`petrel gate ls ${NET} shows the question`);
  expect((await stage.run("gate", "reject", NET, "crystal-triage")).code).toBe(0);
  await waitUntil("nothing waits any more", async () => (await stage.run("gate", "ls", NET)).out.includes("nothing waits"));
  const told = await said("status", NET);
  expect(told).toMatch(/triage: its rule was demoted, and its model does all of it: .+ audits disagree/);
  expect(told).not.toContain("gate approve");
  const shown = await said("show", NET, "triage");
  expect(shown).not.toContain("gate ls");
  expect(shown).toContain(`petrel crystallize shadow ${NET} triage --again lets it begin again`);
});

it("says of a rule that drift and then people took away that it is gone, and asks nothing more of it", async () => {
  await apply(triageNet(crystalOf({ mode: "live", audit: 1 })));
  owners.net = "eve";
  for (let n = 0; n < 60 && !kit.stateOf(NET).crystals.get("triage")?.demoted; n += 1) await work("net", 10);
  const status = async () => (await stage.run("crystallize", "status", NET, "--json")).json;
  expect(await status()).toMatchObject({ transitions: [{ mode: "demoted", gate: "crystal-triage" }] });
  const mode = () => kit.master.terms.get(NET)?.net?.transitions.get("triage")?.crystal?.definition.mode;
  await waitUntil("its file says so too", () => mode() === "off");
  expect(await said("undo", NET, "triage")).toContain("The model does all of triage again.");
  await waitUntil("the question is withdrawn", async () => (await stage.run("gate", "ls", NET)).out.includes("nothing waits"));
  expect(await status()).toMatchObject({
    transitions: [{ mode: "none", gate: null, record: { demoted: { reason: expect.any(String) } } }],
  });
  const told = await said("status", NET);
  expect(told).toContain("its rule was taken away, and it is left alone until somebody begins again");
  expect(told).not.toContain("gate approve");
});

it("is as it was where a shadow is begun twice, also by two people at once; its count begins anew only where that is asked for", async () => {
  const shadowed = () => kit.stateOf(NET).crystals.get("triage")?.shadow;
  await apply({ ...triageNet(crystalOf({ mode: "shadow", shadow: 50 })) });
  await work("net", 4);
  const [version, from] = [kit.stateOf(NET).definition, since()];
  const again = await said("shadow", NET, "triage");
  expect(again).toMatch(
    /The rule r-\w+ of triage is beside its model already, since event \d+, for 4 of 50 firings: nothing was changed\./,
  );
  expect(again).toContain("--again begins its shadow anew, --anew learns another one.");
  expect((await stage.run("crystallize", "shadow", NET, "triage", "--json")).json).toMatchObject({ changed: false, beside: 4, needs: 50 });
  // The same conditions by another way in, and on a version that is not the newest any more.
  const put = (shadow: number) =>
    kit.ask(NET, "crystal-settle", {
      ...{ transition: "triage", action: "shadow", base: "0" },
      crystal: crystalOf({ mode: "shadow", shadow }),
      by: BY,
    });
  expect(await put(50)).toMatchObject({ changed: false, beside: 4, needs: 50 });
  expect([kit.stateOf(NET).definition, since(), shadowed()]).toEqual([version, from, { same: 4, other: 0 }]);
  await expect(put(60)).rejects.toMatchObject({ code: "outdated-base" });
  expect(await said("shadow", NET, "triage", "--again", "--anew")).toContain("--again takes the rule as it stands");
  expect(await said("shadow", NET, "triage", "--again")).toContain("Its shadow begins anew");
  expect(shadowed()).toEqual({ same: 0, other: 0 });
});

it("of a later rule beside the one that answers says the same, and the watch of that one goes on", async () => {
  const later = { guard: [], answer: { kind: "constant" as const, value: { owner: "zoe" } } };
  await apply(triageNet(crystalOf({ mode: "live", audit: 1 })));
  const put = (shadow: number) =>
    kit.ask(NET, "crystal-settle", {
      ...{ transition: "triage", action: "shadow", by: BY },
      crystal: { mode: "shadow", rule: later, shadow },
    });
  await put(50);
  await work("net", 3);
  const record = () => kit.stateOf(NET).crystals.get("triage");
  expect(record()).toMatchObject({ audit: { same: 3, other: 0 }, next: { other: 3 } });
  expect(await put(50)).toMatchObject({ changed: false, mode: "live", beside: 3 });
  expect(await said("shadow", NET, "triage")).toMatch(/is beside the one that answers already, since event \d+, for 3 of 50 firings/);
  await put(60);
  expect(record()).toMatchObject({ audit: { same: 3, other: 0 }, next: { same: 0, other: 0 } });
});

it("calls a rule that was given by its file, and names the next command with it", async () => {
  await end();
  ({ kit, stage, end } = await triageStage((area) => owners[area] ?? "eve", { least: 30, bound: 0.4 }));
  await apply(triageNet(undefined));
  for (const area of ["net", "ui", "net", "ui", "net", "ui"]) await work(area, 8);
  const { rule } = crystalOf();
  stage.file("my rule.json", JSON.stringify(rule));
  const shown = await said("show", NET, "triage", "--rule", "my rule.json");
  expect(shown).toContain("A rule for triage in desk (given (my rule.json), not in use):");
  expect(shown).not.toContain("learned from");
  const next = "petrel crystallize shadow desk triage --rule 'my rule.json'";
  expect(shown).toContain(`${next} puts it beside the model, without effect.`);
  expect(await said(NET, "triage", "--rule", "my rule.json")).toContain(`is good enough: ${next}`);
  stage.file("zoe.json", JSON.stringify({ guard: [], answer: { kind: "constant", value: { owner: "zoe" } } }));
  expect(await said("show", NET, "triage", "--rule", "zoe.json")).toContain("triage --rule zoe.json --unproven puts it there all the same");
  expect(await said("show", NET, "triage")).toContain("A rule for triage in desk (learned from its history, not in use):");
  expect((await stage.run("crystallize", "shadow", NET, "triage", "--rule", "my rule.json", "--json")).json).toMatchObject({
    mode: "shadow",
    rule: kit.stateOf(NET).crystals.get("triage")?.rule,
  });
});
