import { afterEach, expect, test } from "vitest";
import type { JsonObject } from "../../src/contract/json.ts";
import { sealFor } from "../../src/contract/sealed.ts";
import { handFaults } from "../../src/executors/hand-faults.ts";
import { type JenkinsBuild, type JenkinsServer, type JenkinsSettings, jenkinsServer } from "../support/jenkins-server.ts";
import { until } from "../support/wait-until.ts";
import { DEVELOPER, DEVOPS, type ExecutorBench, goodValue, startBench } from "./bench.ts";
import { YES } from "./memory-owner.ts";

let bench: ExecutorBench;
let ci: JenkinsServer;
afterEach(async () => {
  await bench?.end();
  await ci?.stop();
});

const USER = "petrel";
const TOKEN = "11aa22bb33cc44dd55ee66ff77";

/** Secrets travel sealed for the key of the claim; an executor without a seal of ours gets none, so the test seals them as an owner does. */
async function setUp(settings: JenkinsSettings = {}, secrets: Record<string, string> = { CI_USER: USER, CI_TOKEN: TOKEN }): Promise<void> {
  ci = await jenkinsServer(settings);
  bench = await startBench();
  bench.owner.onClaim = ({ verb, key }) =>
    verb === "claim" && key && YES.ok
      ? { ...YES, secrets: Object.fromEntries(Object.entries(secrets).map(([name, value]) => [name, sealFor(key, name, value)])) }
      : YES;
}
const succeed = (build: JenkinsBuild) => {
  build.result = "SUCCESS";
};
const order = (more: JsonObject = {}): JsonObject => ({ url: ci.url, job: "team/service", ...more });
const run = (more: JsonObject = {}, over = {}) => bench.run("ci.run", order(more), { persona: DEVOPS, ...over });
const code = (result: Awaited<ReturnType<typeof run>>) => (result.outcome.ok ? "ok" : result.outcome.error.code);

test("a build is asked for with parameters, followed through queue and log, and told with its result, tests and console log", async () => {
  await setUp({ parameters: ["BRANCH", "PETREL_FIRING"] });
  const made = bench.order("ci.run", order({ parameters: { BRANCH: "main" } }), { persona: DEVOPS });
  bench.owner.offer(made);
  const item = await until("the entry in the queue", () => ci.items[0]);
  expect(item.parameters).toEqual({ BRANCH: "main", PETREL_FIRING: made.key });
  await until("it waits and is looked at", () => ci.asked.some(({ path }) => path.startsWith("/queue/item/")));
  const build = ci.begin(item);
  build.log += "compiling é\n";
  await until("the log is read while it runs", () => ci.asked.filter(({ path }) => path.includes("progressiveText")).length > 1);
  build.log += `${"x".repeat(9000)}\nFinished: SUCCESS\n`;
  build.report = { passCount: 7, failCount: 1, skipCount: 2, suites: [{ cases: [{ className: "A", name: "b", status: "REGRESSION" }] }] };
  build.result = "SUCCESS";
  const value = goodValue(await until("the result", () => bench.owner.resultOf(made), 60_000));
  expect(value).toMatchObject({
    ...{ outcome: "success", ok: true, job: "team/service", number: 1, found: false, durationMs: 1234, truncated: false },
    tests: { passed: 7, failed: 1, skipped: 2, failing: ["A b"] },
    url: `${ci.url}/job/team/job/service/1/`,
  });
  const log = await bench.owner.artifacts.get(String((value.log as JsonObject).$artifact));
  expect(Buffer.from(log ?? []).toString()).toBe(build.log.replaceAll(USER, "<secret CI_USER>"));
  expect(String(value.tail).endsWith("Finished: SUCCESS\n")).toBe(true);
  // It was asked for in pieces, each once.
  const starts = ci.asked.flatMap(({ path }) => /start=(\d+)/.exec(path)?.[1] ?? []).map(Number);
  expect(starts).toEqual([...starts].sort((one, other) => one - other));
  expect(bench.owner.verbs("f1").slice(0, 2)).toEqual(["claim", "confirm"]);
});

test.each([
  ["UNSTABLE", "unstable"],
  ["FAILURE", "failure"],
  ["ABORTED", "aborted"],
  ["NOT_BUILT", "not-built"],
])("a build that ends %s is a result, not an error", async (result, outcome) => {
  await setUp({
    run: (build) => {
      build.result = result;
    },
  });
  expect(goodValue(await run())).toMatchObject({ outcome, ok: false, tests: null });
});

test("a user's name that is no secret stands in the input", async () => {
  await setUp({ run: succeed, user: "ci", token: TOKEN }, { CI_TOKEN: TOKEN });
  expect(goodValue(await run({ userName: "ci" }))).toMatchObject({ ok: true });
});

test("what is no address is an error of the net file, and a template is none", async () => {
  await setUp();
  const result = await run({ url: "not an address" });
  expect(result.outcome).toMatchObject({ error: { code: "bad-input", message: "the input of ci.run is wrong: url: Invalid URL" } });
  expect(handFaults.faults("ci.run", { url: "${change.url}", job: "a" }).filter(({ inTemplate }) => !inTemplate)).toEqual([]);
  expect(handFaults.faults("ci.run", { url: "https://u:p@ci.example.com", job: "a" })).toMatchObject([{ path: ["url"] }]);
});

test("without the flag x nothing is asked of the CI system", async () => {
  await setUp();
  expect(code(await run({}, { persona: DEVELOPER }))).toBe("capability-x-missing");
  expect(ci.asked).toEqual([]);
});

test.each([
  ["goes along with its session", 0, 1],
  ["that has gone stale is fetched anew", 1, 2],
])("a crumb %s", async (_, staleCrumbs, crumbs) => {
  await setUp({ crumbs: true, staleCrumbs, run: succeed });
  expect(goodValue(await run())).toMatchObject({ ok: true });
  expect(ci.asked.filter(({ path }) => path.startsWith("/crumbIssuer"))).toHaveLength(crumbs);
  expect(ci.asked.filter(({ status }) => status === 403)).toHaveLength(staleCrumbs);
  expect(ci.items).toHaveLength(1);
});

test("a crumb that is never taken is an error that says so", async () => {
  await setUp({ crumbs: true, staleCrumbs: 9 });
  const result = await run();
  expect(result.outcome).toMatchObject({ error: { code: "ci-forbidden", message: expect.stringMatching(/No valid crumb/) } });
});

test("a Jenkins that is starting is waited for, also when something is to be triggered", async () => {
  await setUp({ run: succeed });
  ci.fail(/\/api\/json$/, 503, 1, { "retry-after": "1" });
  ci.fail(/\/build$/, 503, 1);
  expect(goodValue(await run())).toMatchObject({ ok: true });
  expect(ci.asked.filter(({ status }) => status === 503)).toHaveLength(2);
  expect(ci.items).toHaveLength(1);
});

test.each([
  ["a wrong token is said, without the token", { CI_USER: USER, CI_TOKEN: "not-the-right-token" }, "ci-login"],
  ["no credentials at all is said", {}, "ci-login"],
])("%s", async (_, secrets, expected) => {
  await setUp({}, secrets as Record<string, string>);
  const result = await run();
  expect(code(result)).toBe(expected);
  expect(JSON.stringify(result)).not.toContain("not-the-right-token");
});

test("a right that is missing, a job and a parameter that are not there are named", async () => {
  await setUp();
  ci.fail(/\/build$/, 403, 1);
  expect(code(await run())).toBe("ci-forbidden");
  expect(code(await run({ job: "team/other" }))).toBe("ci-job-unknown");
  expect(code(await run({ parameters: { BRANCH: "main" } }))).toBe("ci-parameter-unknown");
  expect(code(await run({ token: "NO_SUCH" }))).toBe("ci-credential-missing");
  expect(code(await run({ url: "http://me:secret@127.0.0.1/" }))).toBe("bad-input");
  expect(ci.items).toEqual([]);
});

test("a second attempt finds the build of the first by its key and does not ask for another", async () => {
  await setUp({ parameters: ["PETREL_FIRING"] });
  const first = bench.order("ci.run", order(), { persona: DEVOPS, firing: "same" });
  bench.owner.offer(first);
  const item = await until("the entry in the queue", () => ci.items[0]);
  const build = ci.begin(item);
  await bench.restart();
  const second = { ...first, attempt: 2 };
  bench.owner.offer(second);
  await until("the second attempt looks at the build", () => ci.asked.filter(({ path }) => path.includes("progressiveText")).length > 0);
  expect(build.stopped).toBe(false);
  build.result = "SUCCESS";
  expect(goodValue(await until("the result", () => bench.owner.resultOf(second), 60_000))).toMatchObject({ found: true, number: 1 });
  expect(ci.items).toHaveLength(1);
});

test("an entry that the queue has forgotten is found by the build that came of it, or said to be gone", async () => {
  await setUp();
  const made = bench.order("ci.run", order(), { persona: DEVOPS });
  bench.owner.offer(made);
  const item = await until("the entry in the queue", () => ci.items[0]);
  item.forgotten = true;
  await until("the queue no longer knows it", () => ci.asked.some(({ path, status }) => path.startsWith("/queue/item/") && status === 404));
  ci.begin(item).result = "SUCCESS";
  expect(goodValue(await until("the result", () => bench.owner.resultOf(made), 60_000))).toMatchObject({ ok: true });

  const lost = bench.order("ci.run", order(), { persona: DEVOPS });
  bench.owner.offer(lost);
  const other = await until("the next entry", () => ci.items[1]);
  other.forgotten = true;
  expect(code(await until("the result", () => bench.owner.resultOf(lost), 60_000))).toBe("ci-queue-gone");
});

test("an entry that somebody takes out of the queue ends the work", async () => {
  await setUp();
  const made = bench.order("ci.run", order(), { persona: DEVOPS });
  bench.owner.offer(made);
  const item = await until("the entry in the queue", () => ci.items[0]);
  item.cancelled = true;
  expect(code(await until("the result", () => bench.owner.resultOf(made), 60_000))).toBe("ci-queue-cancelled");
});

test("called off, a build that runs is stopped and one that waits is taken out of the queue; one of a stopping executor goes on", async () => {
  await setUp();
  const running = bench.order("ci.run", order(), { persona: DEVOPS });
  bench.owner.offer(running);
  const build = ci.begin(await until("the entry in the queue", () => ci.items[0]));
  await until("it is followed", () => ci.asked.some(({ path }) => path.includes("progressiveText")));
  bench.owner.cancel(running);
  await until("it is stopped there", () => build.stopped);

  const waiting = bench.order("ci.run", order(), { persona: DEVOPS });
  bench.owner.offer(waiting);
  const item = await until("the next entry", () => ci.items[1]);
  await until("it is looked at", () => ci.asked.some(({ path }) => path.startsWith(`/queue/item/${item.id}/`)));
  bench.owner.cancel(waiting);
  await until("it is taken out of the queue", () => item.cancelled);

  const left = bench.order("ci.run", order(), { persona: DEVOPS });
  bench.owner.offer(left);
  const third = ci.begin(await until("the third entry", () => ci.items[2]));
  await until("it is followed", () => ci.asked.some(({ path }) => path.includes("/2/logText")));
  await bench.executor().stop();
  expect(third.stopped).toBe(false);
});

test("a time limit stops the build there too", async () => {
  await setUp();
  let stopped = false;
  // A machine that stands still may use a short limit up before the build has begun.
  for (const timeoutMs of [1500, 10_000, 40_000]) {
    const before = ci.items.length;
    const made = bench.order("ci.run", order(), { persona: DEVOPS, timeoutMs });
    bench.owner.offer(made);
    await until("the entry in the queue", () => ci.items.length > before || bench.owner.resultOf(made));
    const item = ci.items[before];
    const build = item && ci.begin(item);
    expect(code(await until("the result", () => bench.owner.resultOf(made)))).toBe("work-timed-out");
    stopped = build?.stopped === true;
    if (stopped) break;
  }
  expect(stopped).toBe(true);
});

test("the token goes to the address of the order only: redirects and addresses in answers are not followed", async () => {
  await setUp();
  ci.fail(/\/api\/json$/, 302, 1, { location: "http://127.0.0.1:1/steal" });
  expect(code(await run())).toBe("ci-answer");
});
