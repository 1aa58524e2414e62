import { expect, test } from "vitest";
import { watchWire } from "../../src/cli/processes/wire-watch.ts";
import { JumpClock } from "../support/master-kit.ts";

test("a wire that stays away is told once, and that it is back; a short break is not", () => {
  const clock = new JumpClock();
  const said: string[] = [];
  let connected = true;
  const stop = watchWire({ connected: () => connected, clock, say: (text) => void said.push(text.split(",")[0] ?? "") });
  const pass = (up: boolean, seconds: number) => {
    connected = up;
    clock.pass(seconds * 1000, 1000);
  };
  pass(true, 3);
  pass(false, 2);
  pass(true, 3);
  expect(said).toEqual([]);
  pass(false, 60);
  expect(said).toEqual(["the broker is out of reach"]);
  pass(true, 3);
  pass(false, 5);
  expect(said).toEqual(["the broker is out of reach", "the broker is back", "the broker is out of reach"]);
  stop();
  pass(true, 5);
  expect(said).toHaveLength(3);
});
