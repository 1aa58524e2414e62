/** The whole master on the in-memory broker, in virtual time: whatever it does, the reference may do, and it leaves nothing undone. */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { PutAnswer } from "../../src/contract/broker.ts";
import type { NetEvent } from "../../src/contract/event.ts";
import { silentLogger } from "../../src/contract/logger.ts";
import { MemoryHub } from "../../src/jetstream/memory/hub.ts";
import { checkNet } from "../../src/net/check.ts";
import { netSchema } from "../../src/net/definition.ts";
import { applyEvent } from "../../src/net/fold.ts";
import { emptyState } from "../../src/net/state.ts";
import { EffectServer } from "../simulation/effect-server.ts";
import { NET } from "../simulation/nets.ts";
import { Network } from "../simulation/network.ts";
import { SimProcess } from "../simulation/process.ts";
import { SimMaster } from "../simulation/sim-master.ts";
import { World } from "../simulation/world.ts";
import { dataArbitrary, netArbitrary, PLACES } from "./generate.ts";
import { Reference } from "./interpreter.ts";
import { expectSameMarking } from "./marking.ts";
import { type Data, type ModelNet, netFileOf } from "./model.ts";

/** Of a net that goes round in a circle only the beginning is looked at. */
const MOST_EVENTS = 60;
/** A run that has come so far goes round in a circle. */
const CIRCLE = 400;

interface Put {
  place: string;
  data: Data;
}

async function logOf(net: ModelNet, puts: Put[], seed: number): Promise<{ events: NetEvent[]; rests: boolean }> {
  const world = new World(seed);
  const hub = new MemoryHub(world);
  const network = new Network(world);
  const troubles = { full: null, appends: 0, events: 0, crashAt: null, crash: () => {} };
  const master = new SimMaster({ hub, network, server: new EffectServer(world, hub), troubles, logger: silentLogger }, "master-1");
  const caller = new SimProcess(world, "caller");
  let answered = 0;
  const put = async ({ place, data }: Put) => {
    const payload = new TextEncoder().encode(JSON.stringify(data));
    await network.ask<PutAnswer>(caller, `put.${NET}`, { place, payload, by: "caller" }).catch(() => null);
    answered += 1;
  };
  let applied = false;
  const apply = async () => {
    const body = { definition: { net: NET, ...netFileOf(net) }, by: { user: "ada", roles: [] } };
    while (!applied) {
      const answer = await network.ask<{ ok: boolean }>(caller, "runtime", { verb: "apply-net", body }).catch(() => null);
      applied = answer?.ok === true;
      if (!applied) await caller.sleep(200);
    }
    for (const each of puts) void put(each);
  };
  void apply();
  await world.run(() => applied, 60_000);
  expect(applied).toBe(true);
  await world.run(() => hub.live.length > CIRCLE, 10_000);
  master.crash();
  const events = hub
    .log(NET)
    .all()
    .flatMap(({ value }) => value.events);
  return { events, rests: answered === puts.length && hub.live.length <= CIRCLE };
}

/** Every firing is one that the reference may do there, and none of a higher priority was passed over. */
function follow(net: ModelNet, events: NetEvent[]): { reference: Reference; fired: number } {
  const reference = new Reference(net);
  const state = emptyState(NET);
  const priorityOf = (id: string) => net.transitions.find((each) => each.id === id)?.priority ?? 0;
  let fired = 0;
  for (const event of events.slice(0, MOST_EVENTS)) {
    applyEvent(state, event);
    const [arrived] = event.produced ?? [];
    if (event.type === "arrived" && arrived) reference.put(arrived.place, arrived.token.data as unknown as Data);
    if (event.type !== "fired" && event.type !== "failed") continue;
    const id = event.transition ?? "";
    const above = net.transitions.filter((each) => each.priority > priorityOf(id) && reference.isEnabled(each.id));
    expect({ seq: event.seq, passedOver: above.map((each) => each.id) }).toEqual({ seq: event.seq, passedOver: [] });
    expect({ seq: event.seq, id, may: reference.fire(id) }).toEqual({ seq: event.seq, id, may: true });
    expectSameMarking(state, reference);
    fired += 1;
  }
  return { reference, fired };
}

it("does only what the reference may do, and all of it", { timeout: 300_000 }, async () => {
  const puts = fc.array(fc.record({ place: fc.constantFrom(...PLACES), data: dataArbitrary }), { minLength: 3, maxLength: 8 });
  const decided = netArbitrary.map((net) => ({
    ...net,
    transitions: net.transitions.map((each) => ({ ...each, kind: each.kind === "command" ? ("map" as const) : each.kind })),
  }));
  const sound = decided.filter((net) => {
    const problems = checkNet(netSchema.parse({ net: NET, ...netFileOf(net) }), { personas: new Set() });
    return problems.every(({ severity }) => severity !== "error");
  });
  let fired = 0;
  let rested = 0;
  await fc.assert(
    fc.asyncProperty(sound, puts, fc.nat(10_000), async (net, tokens, seed) => {
      const { events, rests } = await logOf(net, tokens, seed);
      const run = follow(net, events);
      fired += run.fired;
      if (!rests || events.length > MOST_EVENTS) return;
      rested += 1;
      expect(net.transitions.filter(({ id }) => run.reference.isEnabled(id)).map(({ id }) => id)).toEqual([]);
    }),
    { numRuns: 60, endOnFailure: true },
  );
  expect(fired).toBeGreaterThan(100);
  expect(rested).toBeGreaterThan(20);
});
