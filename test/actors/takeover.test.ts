/** A person takes over what a model is being asked about: that call ends, and nothing of it counts (V1, V2). */
import { afterEach, expect, it } from "vitest";
import type { PersonaWorker } from "../../src/actors/persona-work.ts";
import { eventsOf, logAgreesWithPlaces } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { personaNamed } from "../support/net-personas.ts";
import { waitUntil } from "../support/wait-until.ts";

const NET = "bench";
let kit: MasterKit;
afterEach(async () => {
  await logAgreesWithPlaces(kit.broker, NET);
  await kit.stop();
});

const step = (kind: "llm" | "agent") => ({
  net: NET,
  places: { ready: { open: true }, done: { sink: true }, errors: { sink: true } },
  transitions: {
    review: { kind, persona: "dev", ask: "Look at it.", in: [{ place: "ready", as: "task" }], out: [{ to: "done" }], onError: "errors" },
  },
});

it.each(["llm", "agent"] as const)(
  "the call of an %s firing is called off, its late answer is none, and the task is done anew when it is back",
  async (kind) => {
    const calls: { firing: string; ended: boolean }[] = [];
    const work: PersonaWorker = async ({ firing }, { signal }) => {
      const call = { firing: firing.firing, ended: false };
      calls.push(call);
      // The first one answers all the same, after it was called off.
      if (calls.length === 1) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      call.ended = signal.aborted;
      return { firing: firing.firing, attempt: firing.attempt, outcome: { ok: true, value: { call: calls.indexOf(call) } }, extra: {} };
    };
    kit = await masterKit({ work });
    await kit.ask(null, "apply-persona", { persona: personaNamed("dev") });
    await kit.ask(null, "apply-net", { definition: step(kind) });
    const id = await kit.put(NET, "ready", { title: "One", repo: "/a.git", base: "main", branch: "task/one" });
    await waitUntil("the model is being asked", () => calls.length === 1);
    const task = { place: "ready", id };
    await expect(kit.ask(NET, "takeover", task)).rejects.toMatchObject({ code: "task-running" });
    expect(calls).toMatchObject([{ ended: false }]);

    const held = (await kit.ask(NET, "takeover", { ...task, stop: true })) as { id: string };
    await waitUntil("the call is called off", () => calls[0]?.ended === true);
    expect([...(kit.stateOf(NET).places.get("taken-over")?.keys() ?? [])]).toEqual([held.id]);
    expect(kit.stateOf(NET).firings.size).toBe(0);

    await kit.ask(NET, "handback", { id: held.id });
    await waitUntil("it is done anew", () => kit.stateOf(NET).places.get("done")?.size === 1);
    const ends = (await eventsOf(kit.broker, NET)).filter(({ type }) => type === "fired" || type === "failed");
    expect(ends).toMatchObject([{ type: "fired", firing: calls[1]?.firing, produced: [{ place: "done", token: { data: { call: 1 } } }] }]);
    expect(calls).toHaveLength(2);
    expect(calls[1]?.firing).not.toBe(calls[0]?.firing);
  },
);
