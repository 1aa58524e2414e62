/** W1, W2: one comparison of place streams at a time, and none forgotten. */
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { PlaceWatch } from "../../src/actors/term/place-watch.ts";

function rig() {
  const ends: ((error?: Error) => void)[] = [];
  const state = { silent: [] as string[], stale: false, over: false, looks: 0, atOnce: 0 };
  const watch = new PlaceWatch({
    streams: {
      silent: async () => {
        state.looks += 1;
        return state.silent;
      },
    },
    logger: pino({ level: "silent" }),
    isOver: () => state.over,
    isStale: () => state.stale,
    compare: () => {
      state.atOnce += 1;
      return new Promise<void>((resolve, reject) => ends.push((error) => (error ? reject(error) : resolve()))).finally(() => {
        state.atOnce -= 1;
      });
    },
  });
  const end = async (error?: Error) => {
    ends.at(-1)?.(error);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { watch, state, ends, end };
}

describe("the watch over place streams", () => {
  it("W1: what is asked for during a comparison is done once afterwards, also when the first one fails", async () => {
    const { watch, state, ends, end } = rig();
    watch.soon();
    watch.soon();
    watch.soon();
    expect([ends.length, state.atOnce]).toEqual([1, 1]);
    await end(new Error("the broker is away"));
    expect([ends.length, state.atOnce]).toEqual([2, 1]);
    await end();
    expect([ends.length, state.atOnce]).toEqual([2, 0]);
    watch.soon();
    expect(ends.length).toBe(3);
  });

  it("W2: looks for streams that are silent, and not while a comparison runs", async () => {
    const { watch, state, ends, end } = rig();
    await watch.look();
    expect([state.looks, ends.length]).toEqual([1, 0]);
    state.silent = ["PLACE_a_b"];
    await watch.look();
    expect([state.looks, ends.length]).toEqual([2, 1]);
    await watch.look();
    expect([state.looks, ends.length]).toEqual([2, 1]);
    await end();
    state.silent = [];
    state.stale = true;
    await watch.look();
    expect([state.looks, ends.length]).toEqual([2, 2]);
  });

  it("W3: a comparison that failed is made at the next look, until one succeeds", async () => {
    const { watch, ends, end } = rig();
    watch.soon();
    await end(new Error("the broker is away"));
    expect(ends.length).toBe(1);
    await watch.look();
    expect(ends.length).toBe(2);
    await end();
    await watch.look();
    expect(ends.length).toBe(2);
  });

  it("does nothing in a term that is over", async () => {
    const { watch, state, ends } = rig();
    state.over = true;
    watch.soon();
    state.silent = ["PLACE_a_b"];
    await watch.look();
    expect(ends.length).toBe(0);
  });
});
