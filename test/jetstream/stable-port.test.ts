import { createServer } from "node:net";
import { expect, test } from "vitest";
import { portsOutside, stablePort, systemRange } from "../../src/jetstream/server/stable-port.ts";
import { freePort, freePorts, isFree } from "../support/free-port.ts";

test("ports to come back on are outside the range from which the system gives its own", () => {
  expect(portsOutside({ low: 32_768, high: 60_999 })).toEqual({ low: 10_000, high: 32_767 });
  expect(portsOutside({ low: 49_152, high: 65_535 })).toEqual({ low: 10_000, high: 49_151 });
  expect(portsOutside({ low: 1024, high: 40_000 })).toEqual({ low: 40_001, high: 65_535 });
  expect(portsOutside({ low: 1024, high: 65_535 })).toBeNull();
  const { low, high } = systemRange();
  const port = stablePort();
  if (portsOutside({ low, high }) === null) expect(port).toBe(-1);
  else expect(port < low || port > high, `${port} is outside ${low}-${high}`).toBe(true);
});

test("tests get ports on which nobody listens, on whichever address, and each once", async () => {
  for (const host of ["127.0.0.1", "0.0.0.0"]) {
    const port = await freePort();
    const server = createServer();
    await new Promise<void>((done, failed) => server.once("error", failed).listen(port, host, done));
    expect(await isFree(port)).toBe(false);
    await new Promise((done) => server.close(done));
    expect(await isFree(port)).toBe(true);
  }
  expect(new Set(await freePorts(50)).size).toBe(50);
});
