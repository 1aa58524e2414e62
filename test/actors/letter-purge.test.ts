/** Letters stay in their box until the log has them (E6). */
import { expect, test } from "vitest";
import { LetterPurge } from "../../src/actors/term/letter-purge.ts";
import { silentLogger } from "../../src/contract/logger.ts";
import { emptyState } from "../../src/net/state.ts";

test("a letter that is decided and not in the log yet is not purged, nor when the term ends before it is", async () => {
  const state = { ...emptyState("n"), letter: { created: "c", seq: 2, above: new Set<number>() } };
  const purged: number[] = [];
  let logHasIt = () => {};
  let backlog = 1;
  let isOver = false;
  const loop = {
    get backlog() {
      return backlog;
    },
    get isOver() {
      return isOver;
    },
    drained: () => new Promise<void>((resolve) => (logHasIt = resolve)),
  };
  const door = { purgeLetters: async (_: string, { seq }: { seq: number }) => void purged.push(seq) };
  const purge = new LetterPurge({ state, loop, door, logger: silentLogger } as never);
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  purge.soon();
  await settled();
  expect(purged).toEqual([]);
  backlog = 0;
  logHasIt();
  await settled();
  expect(purged).toEqual([2]);
  // Another one, and another owner before it is in.
  state.letter.seq = 3;
  backlog = 1;
  purge.soon();
  await settled();
  isOver = true;
  backlog = 0;
  logHasIt();
  await settled();
  expect(purged).toEqual([2]);
});
