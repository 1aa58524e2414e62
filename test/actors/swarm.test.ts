/** Many instances of one persona: fair shares, and more or fewer of them while the net runs. */
import { afterEach, expect, it } from "vitest";
import type { PersonaWorker } from "../../src/actors/persona-work.ts";
import { eventsOf, logAgreesWithPlaces } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

let kit: MasterKit;
afterEach(() => kit.stop());

const persona = { persona: "worker", title: "Worker", flags: "-----", tier: "economy", prompt: "You work." };
const net = (instances: number) => ({
  net: "swarm",
  places: { tasks: { open: true }, done: { sink: true } },
  transitions: {
    work: {
      kind: "llm",
      persona: "worker",
      instances,
      ask: "Do ${tasks.n}.",
      in: [{ place: "tasks" }],
      out: [{ to: "done" }],
      retry: { max: 2, delay: "1ms" },
    },
  },
});
const begin = async (work: PersonaWorker, instances: number) => {
  kit = await masterKit({ work });
  await kit.ask(null, "apply-persona", { persona });
  await kit.ask(null, "apply-net", { definition: net(instances) });
};
const done = () => [...(kit.stateOf("swarm").places.get("done")?.values() ?? [])].map(({ token }) => (token.data as { n: number }).n);
const actors = async () => {
  const tree = (await kit.ask(null, "actors")) as { children: { children: { kind: string }[] }[] };
  return tree.children[0]?.children.filter(({ kind }) => kind === "persona").length ?? 0;
};

it("1,000 tasks are pulled by 200 competing instances: each is done once, by fair shares", { timeout: 180_000 }, async () => {
  const shares = new Map<number, number>();
  await begin(async ({ firing }) => {
    shares.set(firing.instance, (shares.get(firing.instance) ?? 0) + 1);
    await new Promise<void>((resolve) => setImmediate(resolve));
    const n = Number(/\d+/.exec(firing.ask ?? "")?.[0]);
    return { firing: firing.firing, attempt: firing.attempt, outcome: { ok: true, value: { n } }, extra: {} };
  }, 200);
  expect(await actors()).toBe(200);
  for (let n = 0; n < 1000; n += 1) await kit.put("swarm", "tasks", { n });
  await waitUntil("all are done", () => done().length === 1000, 90_000);
  expect([...new Set(done())]).toHaveLength(1000);
  expect((await eventsOf(kit.broker, "swarm")).filter(({ type }) => type === "fired")).toHaveLength(1000);
  expect(shares.size).toBe(200);
  expect([...shares.values()].every((share) => share >= 4 && share <= 6)).toBe(true);
  await logAgreesWithPlaces(kit.broker, "swarm");
});

it("instances join and leave a running net; what they work on is finished first, also when it is tried again", async () => {
  const open: { n: string; end(ok: boolean): void }[] = [];
  await begin(
    ({ firing }) =>
      new Promise((resolve) => {
        const end = (ok: boolean) =>
          resolve({
            firing: firing.firing,
            attempt: firing.attempt,
            outcome: ok ? { ok, value: { n: firing.ask } } : { ok, error: { outlook: "retryable", code: "busy", message: "busy" } },
            extra: {},
          });
        open.push({ n: firing.ask ?? "", end });
      }),
    1,
  );
  for (let n = 0; n < 4; n += 1) await kit.put("swarm", "tasks", { n });
  await waitUntil("one works", () => open.length === 1);
  expect(await kit.ask("swarm", "spawn", { persona: "worker", instances: 3 })).toMatchObject({
    before: 1,
    instances: 3,
    transition: "work",
  });
  await waitUntil("three work", () => open.length === 3);
  const edits = (await eventsOf(kit.broker, "swarm")).filter(({ type }) => type === "edited").map(({ summary }) => summary);
  expect(edits.at(-1)).toMatch(/^\S+ changed the running net swarm: 3 instances of worker at work \(before: 1\)\.$/);
  await expect(kit.ask("swarm", "spawn", { persona: "worker", instances: 2 })).rejects.toMatchObject({ code: "fewer-instances" });
  await expect(kit.ask("swarm", "retire", { persona: "worker", instances: 9 })).rejects.toMatchObject({ code: "more-instances" });
  await expect(kit.ask("swarm", "spawn", { persona: "nobody" })).rejects.toMatchObject({ code: "no-such-position" });

  expect(await kit.ask("swarm", "retire", { persona: "worker" })).toMatchObject({ before: 3, instances: 0, working: 3 });
  open[0]?.end(true);
  open[1]?.end(false);
  await waitUntil("the one that failed is tried again by who is left", () => open.length === 4);
  open[2]?.end(true);
  open[3]?.end(true);
  await waitUntil("three are done", () => done().length === 3);
  await waitUntil("nobody is left", async () => (await actors()) === 0);
  expect(open).toHaveLength(4);
  expect(kit.stateOf("swarm").places.get("tasks")?.size).toBe(1);
  expect(JSON.stringify(await kit.ask("swarm", "why", { name: "work" }))).toContain("petrel persona spawn swarm worker");

  await kit.ask("swarm", "spawn", { persona: "worker" });
  await waitUntil("the last one is taken up", () => open.length === 5);
  open[4]?.end(true);
  await waitUntil("all are done", () => done().length === 4);
});
