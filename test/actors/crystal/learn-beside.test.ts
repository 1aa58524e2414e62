/** A net that crystallizes by itself learns in a process beside its master, which goes on deciding (J3, L1, L2). */
import { afterEach, beforeEach, expect, it } from "vitest";
import { learnBeside, learnHere } from "../../../src/actors/crystal/learn.ts";
import { DEFAULT_POLICY } from "../../../src/actors/crystal/learning.ts";
import { crystalsOf, study } from "../../../src/client/crystals.ts";
import type { JsonObject } from "../../../src/contract/json.ts";
import { type StudyProcesses, studyProcesses } from "../../../src/executors/studies/study-processes.ts";
import { exampleOf, madeBy } from "../../crystallize/history.ts";
import { realClock } from "../../executors/real-clock.ts";
import { eventsOf, logAgreesWithPlaces } from "../../support/log-check.ts";
import { type MasterKit, masterKit } from "../../support/master-kit.ts";
import { triageBy, triageNet, triagePersona } from "../../support/ticket-rule.ts";
import { waitUntil } from "../../support/wait-until.ts";

const NET = "desk";
const OWNERS: Record<string, string> = { net: "ada", ui: "bob", db: "eve" };
const worker = triageBy((area) => OWNERS[area] ?? "zoe");
const crystallize = { every: 60, least: 60, bound: 0.2, confidence: 0.9, shadow: 5, promote: "policy" };

let studies: StudyProcesses;
let kit: MasterKit;
let count: number;
beforeEach(async () => {
  count = 0;
  studies = studyProcesses({ clock: realClock, program: ["dist/petrel.js", "learn"] });
  kit = await masterKit({ work: worker, learn: learnBeside(studies) });
  await kit.ask(null, "apply-persona", { persona: triagePersona });
  await kit.ask(null, "apply-net", { definition: { net: NET, ...triageNet(undefined), crystallize } });
});
afterEach(async () => {
  for (const pid of studies.pids()) process.kill(pid, "SIGCONT");
  studies.close();
  await logAgreesWithPlaces(kit.broker, NET);
  await kit.stop();
});

const done = () => kit.stateOf(NET).places.get("done")?.size ?? 0;
async function tickets(many: number): Promise<void> {
  const before = done();
  for (let n = 0; n < many; n += 1) {
    count += 1;
    await kit.put(NET, "tickets", { area: ["net", "ui", "db"][count % 3], n: count });
  }
  await waitUntil(`${many} tickets are done`, () => done() === before + many, 60_000);
}
async function isStudying(): Promise<number> {
  await waitUntil("a study runs", () => studies.pids().length === 1);
  return studies.pids()[0] as number;
}
const mode = async () => (await crystalsOf(kit.broker, NET))[0]?.mode;
const told = async () =>
  (await eventsOf(kit.broker, NET)).flatMap(({ summary, attributes }) =>
    Array.isArray(attributes?.crystallized) ? attributes.crystallized.map((one) => ({ ...(one as JsonObject), summary })) : [],
  );

it("while a study stands still, work comes in, is done and answered; when it has ended, its rule is taken up", {
  timeout: 180_000,
}, async () => {
  await tickets(60);
  const pid = await isStudying();
  process.kill(pid, "SIGSTOP");
  await tickets(150);
  // The very same study, though the history was to be looked through twice since then.
  expect(studies.pids()).toEqual([pid]);
  expect(await told()).toEqual([]);
  process.kill(pid, "SIGCONT");
  await waitUntil("its rule is beside the model", async () => (await mode()) === "shadow");
  await tickets(6);
  await waitUntil("and then in its place", async () => (await mode()) === "live");
});

it("a study whose process is killed says so in the log; the net goes on and learns the next time", { timeout: 180_000 }, async () => {
  await tickets(60);
  process.kill(await isStudying(), "SIGKILL");
  await waitUntil("it is told", async () => (await told()).length > 0);
  expect(await told()).toMatchObject([
    {
      ...{ stage: "candidates", transition: "triage", failed: { code: "study-failed" } },
      summary: "triage could not be studied: the process of the study was ended by SIGKILL.",
    },
  ]);
  expect(await mode()).toBe("none");
  await tickets(60);
  await waitUntil("its rule is beside the model", async () => (await mode()) === "shadow");
});

it("what was decided of the step meanwhile counts: its rule is not put beside the model of another net file", {
  timeout: 180_000,
}, async () => {
  await tickets(60);
  const pid = await isStudying();
  process.kill(pid, "SIGSTOP");
  await kit.ask(null, "apply-net", { definition: { net: NET, ...triageNet(undefined) } });
  process.kill(pid, "SIGCONT");
  await waitUntil("the study is over", () => studies.pids().length === 0);
  await tickets(5);
  expect(await mode()).toBe("none");
  expect(await told()).toEqual([]);
});

it("a master that stops waits for no study", { timeout: 180_000 }, async () => {
  await tickets(60);
  const pid = await isStudying();
  process.kill(pid, "SIGSTOP");
  studies.close();
  await waitUntil("it is gone", () => studies.pids().length === 0);
  await tickets(5);
  expect(await told()).toEqual([]);
});

it("puts are answered while a gateway has the history studied by the process beside it", { timeout: 180_000 }, async () => {
  await kit.ask(null, "apply-net", { definition: { net: NET, ...triageNet(undefined) } });
  await tickets(300);
  let isOver = false;
  const found = study(kit.broker, NET, { learn: learnBeside(studies) }).finally(() => {
    isOver = true;
  });
  const pid = await isStudying();
  process.kill(pid, "SIGSTOP");
  await tickets(20);
  expect(isOver).toBe(false);
  process.kill(pid, "SIGCONT");
  expect((await found).proposals).toMatchObject([{ transition: "triage", proposal: { promotable: true } }]);
});

it("beside or here, the same history gives the same proposal, bad examples and all", { timeout: 180_000 }, async () => {
  const good = madeBy(
    400,
    7,
    (chance) => ({ ticket: { area: chance.pick(["net", "ui", "db"]), n: chance.whole(1, 1000) } }),
    (input) => ({ owner: OWNERS[String((input.ticket as JsonObject).area)] ?? "zoe" }),
  );
  const examples = [...good, exampleOf(401, { ticket: { area: "net", n: 1 } }, { owner: "nobody" }, { bad: "rejected" })];
  const here = await learnHere({ examples }, DEFAULT_POLICY);
  const beside = await learnBeside(studies)({ examples }, DEFAULT_POLICY);
  expect(here).toMatchObject({ promotable: true, examples: { good: 400, bad: 1 } });
  expect(beside).toEqual(JSON.parse(JSON.stringify(here)));
});
