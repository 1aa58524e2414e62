import { expect, test } from "vitest";
import { watchWire } from "../../src/cli/processes/wire-watch.ts";
import { JumpClock } from "../support/master-kit.ts";

test("a wire that stays away is told once, and that it is back; a short break is not", () => {
  const clock = new JumpClock();
  const said: string[] = [];
  let connected = true;
  const stop = watchWire({
    ...{ connected: () => connected, refusal: () => null, clock },
    say: (text) => void said.push(text.split(",")[0] ?? ""),
  });
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

test("what the broker has said of it is told with it", () => {
  const clock = new JumpClock();
  const said: string[] = [];
  const refusal = () => "maximum account active connections exceeded";
  const stop = watchWire({ connected: () => false, refusal, clock, say: (text) => void said.push(text) });
  clock.pass(5000, 1000);
  expect(said).toEqual([expect.stringMatching(/as many executors as its credentials allow .* it said: maximum account/)]);
  stop();
});
