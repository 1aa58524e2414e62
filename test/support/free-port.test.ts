import { createServer } from "node:net";
import { expect, test } from "vitest";
import { freePorts, givenToNobody } from "./free-port.ts";

test("ports are from outside the range from which the system gives its own, wherever that lies", () => {
  expect(givenToNobody({ low: 32_768, high: 60_999 })).toEqual({ low: 10_000, high: 32_767 });
  expect(givenToNobody({ low: 49_152, high: 65_535 })).toEqual({ low: 10_000, high: 49_151 });
  expect(givenToNobody({ low: 1024, high: 40_000 })).toEqual({ low: 40_001, high: 65_535 });
  expect(givenToNobody({ low: 1024, high: 65_535 }), "nothing is left").toEqual({ low: 10_000, high: 49_151 });
});

test("each is given out once and can be bound", async () => {
  const ports = await freePorts(50);
  expect(new Set(ports).size).toBe(50);
  for (const port of ports) {
    const server = createServer();
    await new Promise<void>((done, failed) => server.once("error", failed).listen(port, "127.0.0.1", done));
    await new Promise((done) => server.close(done));
  }
});
