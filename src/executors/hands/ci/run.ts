/**
 * `ci.run`: asks a CI system for a build, follows it to its end, and gives its result and its console log.
 * {url, job, parameters?, system?, user?, userName?, token?} -> {outcome, ok, job, number, url, found, queuedMs, durationMs, tests, log, tail}.
 * A build that fails is a result, no error; `ok` is true for `success` alone. `user` and `token` name variables among the `secrets` of
 * the step: nothing here takes a credential itself.
 */
import { join } from "node:path";
import type { z } from "zod";
import { delay } from "../../../contract/clock.ts";
import { errorData, Terminal } from "../../../contract/errors.ts";
import type { Json } from "../../../contract/json.ts";
import type { HandContext, HandDefinition } from "../../hand.ts";
import { parseInput } from "../../hand-input.ts";
import { ciCard, ciInput } from "./card.ts";
import { followBuild } from "./follow.ts";
import { KeptLog } from "./kept-log.ts";
import type { CiAccess, TestCounts } from "./port.ts";
import { CI_SYSTEMS } from "./systems.ts";

type CiInput = z.output<typeof ciInput>;

/** So long the system is given to take the end of a build, when the work is called off. */
const LAST_WORD_MS = 5000;

export async function ciRun(context: HandContext): Promise<Json> {
  const input = parseInput(ciInput, context.order);
  const { clock } = context.workshop;
  const log = new KeptLog(join(context.workDir, "console.log"));
  const open = (signal: AbortSignal) => CI_SYSTEMS[input.system](accessOf(context, input, signal));
  const system = open(context.signal);
  const followed = await followBuild({
    system,
    parameters: Object.fromEntries(Object.entries(input.parameters).map(([name, value]) => [name, String(value)])),
    key: context.order.key,
    signal: context.signal,
    now: () => clock.now(),
    pause: (ms) => delay(clock, ms, context.signal),
    confirm: () => context.confirm(),
    onLog: (bytes) => log.push(bytes),
    afterwards: () => open(AbortSignal.timeout(LAST_WORD_MS)),
    onLeft: (error) => context.logger.warn({ error: errorData(error), job: input.job }, "a build could not be ended there"),
  });
  const { build, state } = followed;
  const tests = await system.tests(build);
  const kept = await context.artifact({ file: log.path }, { name: "console.log", mediaType: "text/plain; charset=utf-8" });
  return {
    outcome: state.result,
    ok: state.result === "success",
    job: input.job,
    number: build.number,
    url: build.url,
    found: followed.found,
    queuedMs: followed.queuedMs,
    durationMs: state.durationMs,
    tests: tests === null ? null : testsAsJson(tests),
    log: { ...kept },
    truncated: log.truncated,
    tail: log.tail(),
  };
}

function testsAsJson({ passed, failed, skipped, failing }: TestCounts): Json {
  return { passed, failed, skipped, failing };
}

function accessOf(context: HandContext, input: CiInput, signal: AbortSignal): CiAccess {
  return {
    url: input.url.replace(/\/+$/, ""),
    job: input.job,
    user: input.userName ?? credential(context, input.user, "CI_USER"),
    token: credential(context, input.token, "CI_TOKEN"),
    signal,
    pause: (ms) => delay(context.workshop.clock, ms, signal),
    checkHost: (url) => context.checkHost(url),
  };
}

function credential({ secrets, order }: HandContext, named: string | null | undefined, usual: string): string | null {
  const value = secrets[named ?? usual];
  if (value !== undefined || !named) return value ?? null;
  throw new Terminal({
    code: "ci-credential-missing",
    message: `the step has no secret in the variable ${named}`,
    hint: `add "secrets": { "${named}": "NAME" } to the transition ${order.transition}`,
    where: `${order.net}/${order.transition}`,
  });
}

export const ciHands: readonly HandDefinition[] = [{ ...ciCard, run: ciRun }];
