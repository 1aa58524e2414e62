/** L1 to L3 of the executor's side of a lease, on a clock that the test turns. */
import { expect, it } from "vitest";
import type { Clock } from "../../src/contract/clock.ts";
import type { ClaimAnswer } from "../../src/contract/envelope.ts";
import { silentLogger } from "../../src/contract/logger.ts";
import { keepLease } from "../../src/executors/lease-keeper.ts";

const LEASE = 3000;
const YES: ClaimAnswer = { ok: true, leaseMs: LEASE, timeLeftMs: 1, secrets: {} };

/** Timers fire when the test lets time pass; in a standstill they are late, as those of a frozen process. */
class HandClock implements Clock {
  time = 1_000_000;
  #timers: { due: number; call: () => void }[] = [];
  now = () => this.time;
  after(ms: number, call: () => void) {
    const timer = { due: this.time + ms, call };
    this.#timers.push(timer);
    const cancel = () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
    return { cancel };
  }
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 100) {
      this.time += 100;
      await this.fire();
    }
  }
  async standStill(ms: number): Promise<void> {
    this.time += ms;
    await this.fire();
  }
  async fire(): Promise<void> {
    for (;;) {
      const [next] = this.#timers.filter(({ due }) => due <= this.time).sort((a, b) => a.due - b.due);
      if (!next) break;
      this.#timers = this.#timers.filter((each) => each !== next);
      next.call();
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    }
  }
}

function rig(answer: () => Promise<ClaimAnswer>) {
  const clock = new HandClock();
  const lost: string[] = [];
  const lose = ({ code }: { code: string }) => void lost.push(code);
  const keeper = keepLease({ clock, ask: answer, leaseMs: LEASE, since: clock.now(), lose, logger: silentLogger });
  return { clock, lost, keeper };
}
const silence = () => Promise.reject(new Error("no answer"));

it("L2: one lease without an answer ends the attempt, once", async () => {
  const { clock, lost } = rig(silence);
  await clock.pass(LEASE - 100);
  expect(lost).toEqual([]);
  await clock.pass(LEASE);
  expect(lost).toEqual(["lease-out"]);
});

it("L2: as long as the owner answers it goes on, and a no ends it", async () => {
  let answer: ClaimAnswer = YES;
  const { clock, lost } = rig(async () => answer);
  await clock.pass(10 * LEASE);
  expect(lost).toEqual([]);
  answer = { ok: false, code: "not-open", message: "it is over" };
  await clock.pass(LEASE);
  expect(lost).toEqual(["attempt-gone"]);
});

it("L3: a process that stood still asks before it gives up, and has one lease for it", async () => {
  let answers = false;
  const { clock, lost } = rig(() => (answers ? Promise.resolve(YES) : silence()));
  await clock.standStill(10 * LEASE);
  await clock.pass(LEASE / 2);
  expect(lost).toEqual([]);
  answers = true;
  await clock.pass(5 * LEASE);
  expect(lost).toEqual([]);
  answers = false;
  await clock.standStill(10 * LEASE);
  await clock.pass(LEASE + 200);
  expect(lost).toEqual(["lease-out"]);
});

it("L3: an answer that came while it stood still does not end it", async () => {
  const answers: ((answer: ClaimAnswer) => void)[] = [];
  const { clock, lost } = rig(() => new Promise((resolve) => answers.push(resolve)));
  await clock.pass(LEASE / 2);
  expect(answers).toHaveLength(1);
  await clock.standStill(10 * LEASE);
  answers[0]?.(YES);
  await clock.fire();
  await clock.pass(LEASE / 2);
  expect(lost).toEqual([]);
});

it.each([0.7, 1, 1.2, 1.4, 3])("L3: a standstill of %s leases right behind an answer ends nothing, whenever it comes", async (leases) => {
  let answers = true;
  const { clock, lost } = rig(() => (answers ? Promise.resolve(YES) : silence()));
  for (let round = 0; round < 10; round++) {
    answers = true;
    await clock.pass(LEASE / 3 + round * 100);
    // The first question after it comes too early for the owner, as one that begins again.
    answers = false;
    await clock.standStill(leases * LEASE);
    await clock.pass(LEASE / 3 + 200);
    expect(lost, `round ${round}`).toEqual([]);
  }
});

it("L1: a late answer counts from its question, where nothing stood still", async () => {
  const answers: ((answer: ClaimAnswer) => void)[] = [];
  const { clock, lost } = rig(() => new Promise((resolve) => answers.push(resolve)));
  await clock.pass(LEASE / 3);
  await clock.pass(LEASE / 2);
  answers[0]?.(YES);
  await clock.fire();
  // Asked at a third of a lease: the lease ends at four thirds.
  await clock.pass(LEASE / 2 - 200);
  expect(lost).toEqual([]);
  await clock.pass(400);
  expect(lost).toEqual(["lease-out"]);
});
