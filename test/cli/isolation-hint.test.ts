/** What `petrel doctor` says of the fence around an executor's commands, and what it advises. */
import { expect, test } from "vitest";
import { executorCheck } from "../../src/cli/health-checks.ts";
import type { Broker } from "../../src/contract/broker.ts";
import { machinePolicySchema } from "../../src/executors/machine-policy.ts";
import { isolationText, type Sandbox } from "../../src/executors/sandbox.ts";

const NONE: Sandbox = { kind: "none", why: "bubblewrap (bwrap) is not installed" };
const there = { pools: ["code"], labels: [], version: "1", pid: 1, host: "h", busy: 0, slots: 2, at: "2026-01-01T00:00:00.000Z" };

test.each([
  ["required", NONE, "warn", /commands are refused: bubblewrap/, /^until bubblewrap works there it does no commands: apt-get install/],
  ["code", NONE, "warn", /none: bubblewrap/, /^install bubblewrap on its machine; until then its commands can read/],
  ["off", NONE, "warn", /the policy turns it off/, /say "sandbox": "code" or more in its executor.policy.json/],
  ["code", { kind: "bubblewrap", path: "/usr/bin/bwrap", version: "0.8.0" } as Sandbox, "ok", /bubblewrap 0.8.0/, undefined],
] as const)("with %s", async (wanted, sandbox, status, says, hint) => {
  const isolation = isolationText(sandbox, machinePolicySchema.parse({ sandbox: wanted }));
  const broker = { work: { executors: async () => [{ ...there, name: "one", isolation }] } } as unknown as Broker;
  const finding = (await executorCheck(broker)).find(({ check }) => check === "isolation");
  expect(finding).toMatchObject({ status, says: expect.stringMatching(says) });
  if (hint) expect(finding?.hint).toMatch(hint);
  else expect(finding?.hint).toBeUndefined();
});
