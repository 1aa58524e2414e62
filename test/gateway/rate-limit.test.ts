/** How much a client may ask, on two gateways that count together. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { RateLimit, TELL_MS, WINDOW_MS } from "../../src/gateway/access/rate-limit.ts";
import { JumpClock } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";
import { type GatewayHouse, gatewayHouse } from "./house.ts";

let house: GatewayHouse;
beforeAll(async () => {
  // 40 requests in a window of ten seconds.
  house = await gatewayHouse({ rate: 4 });
});
afterAll(() => house.stop());

/** At the beginning of a window: the next ones lie in it. */
function nextWindow(): void {
  const { clock } = house.kit;
  clock.hold();
  clock.jump(WINDOW_MS - (clock.now() % WINDOW_MS));
}
/** The gateways tell the broker what they have counted. */
async function told(count: number): Promise<void> {
  house.kit.clock.jump(TELL_MS);
  const bucket = house.kit.broker.keyValue("limits");
  await waitUntil(`${count} are told`, async () =>
    (await bucket.list("requests.*")).some(({ value }) => (value as { count: number }).count === count),
  );
}
const me = (gateway: "a" | "b", token: string) => house.call(house[gateway], "GET", "/api/me", { token });

test("what one gateway has counted, the other refuses, until the next window; another client goes on", async () => {
  const [{ token }, other] = [await house.client("busy", ["petrel:read"]), await house.client("calm", ["petrel:read"])];
  nextWindow();
  for (let n = 0; n < 25; n++) expect((await me("a", token)).status).toBe(200);
  await told(25);
  expect((await me("b", token)).status).toBe(200);
  await told(26);
  for (let n = 0; n < 14; n++) expect((await me("b", token)).status).toBe(200);
  const refused = await me("b", token);
  expect(refused.json).toMatchObject({ status: 429, error: "rate_limit_exceeded", message: expect.stringContaining("40 requests") });
  expect(refused.headers.get("content-type")).toContain("application/problem+json");
  const after = Number(refused.headers.get("retry-after"));
  expect(after).toBeGreaterThanOrEqual(1);
  expect(after).toBeLessThanOrEqual(10);
  await told(40);
  // A hears of B's with the first that it tells itself.
  expect((await me("a", token)).status).toBe(200);
  await told(41);
  expect((await me("a", token)).status).toBe(429);
  expect((await me("b", other.token)).status).toBe(200);
  house.kit.clock.jump(after * 1000);
  expect((await me("b", token)).status).toBe(200);
});

test("a broker that does not answer lets requests in, and what was counted meanwhile is told later", async () => {
  const clock = new JumpClock();
  clock.hold();
  let away = true;
  let missed = 0;
  let heard = 0;
  const limit = new RateLimit(
    {
      change: async (_, decide) => {
        if (away) {
          missed += 1;
          throw new Error("away");
        }
        const { after, result } = decide(null);
        heard = (after as { count: number }).count;
        return result;
      },
    },
    clock,
    1,
  );
  clock.jump(WINDOW_MS - (clock.now() % WINDOW_MS));
  for (let n = 0; n < 9; n++) limit.take("busy");
  clock.jump(TELL_MS);
  await waitUntil("the broker was away", () => missed > 0);
  away = false;
  await waitUntil("it is told", () => heard === 9);
  limit.take("busy");
  expect(() => limit.take("busy")).toThrow("10 requests within 10 seconds");
  limit.close();
});
