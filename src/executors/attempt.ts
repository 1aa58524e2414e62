/**
 * One attempt, from the claim to a result on the shelf (E8).
 * A1 Nothing is done before the owner has said yes to the claim.
 * A2 When the attempt is lost or called off, its processes end first and nothing is delivered.
 * A3 A result is on disk before anybody hears of it.
 * A4 Secrets live here while the work does: no result, no disk and no log has them.
 * A5 No process of the work is left when its result is told. Its folder goes meanwhile, and keeps the slot until it is gone.
 */
import { type Clock, delay, isoTime } from "../contract/clock.ts";
import type { ClaimAnswer, ClaimRequest, ClaimVerb, WorkOrder, WorkResult } from "../contract/envelope.ts";
import { Cancelled, errorData, PetrelError, Retryable, Terminal } from "../contract/errors.ts";
import type { ModelUse } from "../contract/event.ts";
import { receiver } from "../contract/sealed.ts";
import { secretFilter } from "../contract/secret-forms.ts";
import { soundOutcome } from "../contract/sound-outcome.ts";
import { addUse } from "../models/use.ts";
import type { Bench } from "./bench.ts";
import { checkAskedFolder } from "./command-folder.ts";
import { isDiskFull } from "./disk-room.ts";
import type { HandDefinition } from "./hand.ts";
import { type AttemptParts, fitting, handContext } from "./hand-context.ts";
import { checkInput, checkOutput, isZod } from "./hand-input.ts";
import type { HandTable } from "./hand-table.ts";
import { keepLease } from "./lease-keeper.ts";
import { checkAgainstPolicy } from "./machine-policy.ts";
import { checkVariables } from "./order-variables.ts";
import { checkOrder } from "./policy.ts";
import type { AttemptName } from "./result-shelf.ts";
import { endProcessesWith } from "./stray-processes.ts";
import { WorkFolder } from "./work-folder.ts";

type Ask = AttemptParts["ask"];
type Granted = Extract<ClaimAnswer, { ok: true }>;
const CLAIM_TRIES = 20;
const DISK_PAUSE_MS = 1000;
/** So long a hand may take to end what it does after its signal was aborted. */
export const LET_GO_MS = 15_000;
/** Why work is given back, where nothing is wrong with it. */
const NO_FAULT = new Set(["executor-stopping", "executor-disk-full"]);

/**
 * Settles when the attempt is over on this executor; never throws. `abort` ends it from outside; `ended` is called when no process of an
 * attempt that was ended so is left, while its folder may still have to go.
 */
export async function carryOutOrder(bench: Bench, order: WorkOrder, abort: AbortController, ended = () => {}): Promise<void> {
  const about = { net: order.net, transition: order.transition, firing: order.firing, attempt: order.attempt, hand: order.hand };
  const { clock } = bench.workshop;
  const seal = receiver();
  const { births } = bench;
  const ask = (verb: ClaimVerb, memory?: ClaimRequest["memory"]) => {
    // A lease counts from before it is asked for, and so does the patience of who watches over what runs.
    births.sign();
    return bench.line.claim(order.net, order.firing, order.attempt, {
      ...{ verb, executor: bench.name },
      ...(verb === "release" ? given(abort.signal.reason) : {}),
      ...(memory === undefined ? {} : { memory }),
      ...(verb === "claim" ? { key: seal.publicKey } : {}),
    });
  };
  const attempt = { net: order.net, firing: order.firing, attempt: order.attempt };
  // An attempt that came twice: what we did is on the shelf and on its way.
  if (bench.shelves.results.has(attempt)) return;
  if (!noteClaim(bench, attempt)) return;
  if (order.mode === "session") bench.desk.expect(order);
  const folder = new WorkFolder(bench.workshop.dir, attempt, bench.logger);
  try {
    const claimed = await claim(bench, ask, abort.signal);
    if (!claimed.answer.ok) {
      bench.logger.debug({ ...about, code: claimed.answer.code }, "claim not granted");
      if (claimed.answer.stopped) bench.rest();
      return;
    }
    bench.logger.info(about, "claimed");
    births.lease(claimed.answer.leaseMs);
    const lease = keepLease({
      clock,
      ask,
      leaseMs: claimed.answer.leaseMs,
      since: claimed.since,
      lose: (reason) => abort.abort(reason),
      logger: bench.logger,
    });
    try {
      if (hasExpired(order, claimed.answer, clock)) abort.abort(expired(order));
      const secrets = Object.entries(claimed.answer.secrets).map(([name, sealed]) => [name, seal.open(name, sealed)] as const);
      await workAndDeliver(bench, order, { ...claimed.answer, secrets: Object.fromEntries(secrets) }, abort, { ask, folder });
    } finally {
      lease.stop();
    }
    if (abort.signal.aborted) ended();
    if (abort.signal.aborted) await giveBack(bench, order, ask, abort.signal.reason);
  } catch (error) {
    bench.logger.warn({ ...about, error: errorData(error) }, "an order was dropped");
  } finally {
    bench.desk.close(order, abort.signal.aborted);
    await folder.clear();
    bench.shelves.claims.remove(attempt);
  }
}

/** What cannot be noted is not claimed: a start after a crash would not know of it. The offer lapses, and is made again. */
function noteClaim({ shelves, logger, disk }: Bench, attempt: AttemptName): boolean {
  try {
    shelves.claims.put(attempt);
    return true;
  } catch (error) {
    disk.failed(error);
    logger.error({ ...attempt, error: errorData(error) }, "no work is taken: it cannot be noted on the disk");
    return false;
  }
}

/** A3. A disk that is full may have room again: until then the lease is kept, and what was done is not lost. */
async function shelve(
  { shelves, logger, workshop, disk }: Bench,
  result: WorkResult,
  { folder, signal }: { folder: WorkFolder; signal: AbortSignal },
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return shelves.results.put(result);
    } catch (error) {
      if (tries === 1 && isDiskFull(error)) {
        // What fills it may be what the work has left behind.
        await folder.clear();
        continue;
      }
      disk.failed(error);
      logger.error({ firing: result.firing, attempt: result.attempt, error: errorData(error) }, "a result waits for room on the disk");
      await delay(workshop.clock, DISK_PAUSE_MS, signal);
    }
  }
}

async function claim(bench: Bench, ask: Ask, signal: AbortSignal): Promise<{ answer: ClaimAnswer; since: number }> {
  const { clock } = bench.workshop;
  for (let tries = 1; ; tries += 1) {
    signal.throwIfAborted();
    const since = clock.now();
    try {
      return { answer: await ask("claim"), since };
    } catch (error) {
      if (tries >= CLAIM_TRIES) throw error;
      await delay(clock, Math.min(2000, 100 * 2 ** Math.min(tries, 5)), signal);
    }
  }
}

/** By the owner's clock, which wrote the order: this machine's may be an hour off. */
function hasExpired(order: WorkOrder, granted: Granted, clock: Clock): boolean {
  return order.expires !== undefined && (granted.now ?? clock.now()) > Date.parse(order.expires);
}

function expired({ expires, net, transition }: WorkOrder): Cancelled {
  return new Cancelled({ code: "order-expired", message: `the order of ${net}/${transition} was worth nothing after ${expires}` });
}

async function workAndDeliver(
  bench: Bench,
  order: WorkOrder,
  granted: Granted,
  abort: AbortController,
  { ask, folder }: { ask: Ask; folder: WorkFolder },
): Promise<void> {
  const { clock } = bench.workshop;
  const startedAt = clock.now();
  let model: ModelUse | null = null;
  const spent = (use: ModelUse) => {
    model = addUse(model, use);
  };
  const outcome = withoutSecrets(await perform(bench, order, granted, abort, { ask, spent, folder }), granted.secrets); // A4
  void folder.clear(); // A5
  await bench.births.heard();
  if (abort.signal.aborted) return; // A2
  const { net, transition, firing, attempt } = order;
  const durationMs = clock.now() - startedAt;
  const result: WorkResult = {
    v: 1,
    net,
    transition,
    firing,
    attempt,
    executor: bench.name,
    outcome,
    startedAt: isoTime(startedAt),
    durationMs,
    ...(model === null ? {} : { model }),
  };
  await shelve(bench, result, { folder, signal: abort.signal });
  // The lease is kept until the result lies on the broker, where the owner finds it.
  await new Promise<void>((resolve) => {
    bench.courier.send(result, resolve);
    abort.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  bench.logger.info({ net, transition, firing, attempt, ok: outcome.ok, durationMs }, "done");
}

/** A4. A command may print what it was given. */
function withoutSecrets(outcome: WorkResult["outcome"], secrets: Readonly<Record<string, string>>): WorkResult["outcome"] {
  const filter = secretFilter(new Map(Object.entries(secrets)));
  const text = JSON.stringify(outcome);
  return filter.has(text) ? (JSON.parse(filter.strip(text)) as WorkResult["outcome"]) : outcome;
}

async function perform(
  bench: Bench,
  order: WorkOrder,
  granted: Granted,
  abort: AbortController,
  { folder, ...owner }: Pick<AttemptParts, "ask" | "spent"> & { folder: WorkFolder },
): Promise<WorkResult["outcome"]> {
  const workDir = folder.path;
  const limitMs = Math.min(order.timeoutMs, granted.timeLeftMs);
  const work = new AbortController();
  const forward = () => work.abort(abort.signal.reason);
  abort.signal.addEventListener("abort", forward, { once: true });
  if (abort.signal.aborted) forward();
  const limit = bench.workshop.clock.after(limitMs, () => {
    work.abort(
      new Retryable({
        code: "work-timed-out",
        message: `${order.hand} was ended after its time limit of ${limitMs} ms`,
        hint: "raise the transition's timeout",
      }),
    );
  });
  const endings: (() => void)[] = [];
  const afterwards = (call: () => void) => void endings.push(call);
  try {
    abort.signal.throwIfAborted();
    const hand = handFor(order, bench.hands);
    checkOrder(order, hand);
    checkAgainstPolicy(order, bench.policy, bench.workshop.dir);
    checkVariables(order, Object.keys(granted.secrets), bench.policy);
    checkAskedFolder(order, bench.policy, workDir);
    await layOut(folder, bench, abort);
    checkInput(hand.input, order);
    const parts = {
      bench,
      order,
      hand,
      granted,
      signal: work.signal,
      workDir,
      ...owner,
      end: (error: Terminal) => work.abort(error),
      afterwards,
    };
    const value = await unlessAborted(hand.run(handContext(parts)), work.signal, bench);
    if (!isZod(hand.output)) checkOutput(hand.output, hand.name, value);
    const outcome = soundOutcome({ ok: true, value });
    return outcome.ok ? { ok: true, value: await unlessAborted(fitting(parts, value), work.signal, bench) } : outcome;
  } catch (error) {
    bench.disk.failed(error);
    if (isDiskFull(error)) return { ok: false, error: errorData(diskFull(bench.workshop.dir, error)) };
    if (error instanceof PetrelError) return { ok: false, error: errorData(error) };
    bench.logger.error({ err: error, hand: order.hand }, "a hand threw what is no coded error");
    return { ok: false, error: errorData(handFailed(order.hand, error)) };
  } finally {
    limit.cancel();
    abort.signal.removeEventListener("abort", forward);
    bench.desk.close(order, work.signal.aborted);
    for (const call of endings) call();
    await endProcessesWith(`HOME=${workDir}/`); // A5
  }
}

/** What has no room to begin is given back: it is another's, or waits until there is. */
async function layOut(folder: WorkFolder, { disk }: Bench, abort: AbortController): Promise<void> {
  try {
    await folder.layOut();
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    disk.failed(error);
    abort.abort(new Cancelled({ code: "executor-disk-full", message: `${disk.full}` }));
    throw error;
  }
}

function handFor({ hand: name }: WorkOrder, hands: HandTable): HandDefinition {
  const hand = hands.get(name);
  if (hand) return hand;
  throw new Terminal({
    code: "unknown-hand",
    message: `this executor has no hand ${name}`,
    hint: `it has ${[...hands.keys()].join(", ")}; petrel executor start --hand FOLDER loads another`,
  });
}

function handFailed(hand: string, cause: unknown): Terminal {
  return new Terminal({
    code: "hand-failed",
    message: `the hand ${hand} failed: ${cause instanceof Error ? cause.message : String(cause)}`,
    hint: "the executor's log has where; a hand says by context.retry, fail or refuse what is to come of it",
    cause,
  });
}

function diskFull(dir: string, cause: unknown): Retryable {
  return new Retryable({
    code: "disk-full",
    message: "the disk of this executor is full, so the work could not be done",
    hint: `free some space where ${dir} lies; it will be tried again`,
    cause,
  });
}

/** A hand that waits for something else than a process hears of the abort here; one that does not let go is left behind. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal, { workshop, logger }: Bench): Promise<T> {
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    // Its processes end with the signal; the work directory may go only when it has let go of it, or never will.
    if (signal.aborted) {
      const letGo = new AbortController();
      const late = delay(workshop.clock, LET_GO_MS, letGo.signal).then(() =>
        logger.error({}, "a hand goes on after its end: it is left behind"),
      );
      await Promise.race([work.catch(() => {}), late.catch(() => {})]);
      letGo.abort();
    }
  }
}

/** The owner need not wait for the lease to run out when it is we who stop. */
async function giveBack(bench: Bench, order: WorkOrder, ask: Ask, reason: unknown): Promise<void> {
  const code = codeOf(reason);
  bench.logger.warn({ net: order.net, firing: order.firing, attempt: order.attempt, code }, "attempt ended");
  if (code === "attempt-gone" || code === "cancelled-by-owner") return;
  await ask("release").catch((error: unknown) => bench.logger.debug({ error: errorData(error) }, "release not heard"));
}

/** What the owner is told with what is given back. */
function given(reason: unknown): Pick<ClaimRequest, "leaving" | "note"> {
  return {
    ...(reason instanceof PetrelError ? { note: reason.message } : {}),
    ...(NO_FAULT.has(codeOf(reason)) ? { leaving: true } : {}),
  };
}

/** Why the attempts end that ran while their executor showed no sign of life. What its watcher ended is no result. */
export function stoodStill(): Cancelled {
  return new Cancelled({
    code: "executor-stood-still",
    message: "the executor stood still for longer than its lease, and the commands that it ran were ended",
    hint: "it was stopped (SIGSTOP, a suspended container, a debugger), or got no time to run on its machine",
  });
}

function codeOf(reason: unknown): string {
  return reason instanceof PetrelError ? reason.code : "aborted";
}
