/** One run: the real engine through a storm of troubles, drawn from the seed, and then what must hold is looked at. */
import { silentLogger } from "../../src/contract/logger.ts";
import { MemoryHub } from "../../src/jetstream/memory/hub.ts";
import { letterIsIn } from "../../src/net/fold.ts";
import { personaNamed } from "../support/net-personas.ts";
import { Callers } from "./callers.ts";
import { EffectServer } from "./effect-server.ts";
import { broken } from "./invariants.ts";
import { CRAFTER, NET, PERSONA, type Workload, workload } from "./nets.ts";
import { CALM, Network, stormy, type Weather } from "./network.ts";
import { CRAFT } from "./sim-craft.ts";
import { SimExecutor } from "./sim-executor.ts";
import { ENDLESS, type LogTroubles } from "./sim-log.ts";
import { LEASE_MS, SimMaster, type Stage } from "./sim-master.ts";
import { Troubles } from "./troubles.ts";
import { World } from "./world.ts";

const SETUP_MS = 60_000;
/** The longest way to rest: a group that stays incomplete, a gate, and recoveries with their patience. */
const REST_MS = 15 * 60_000;

export interface Plan {
  /** The one crash of an otherwise calm run. */
  crashAt?: LogTroubles["crashAt"];
  weather?: Weather;
  lanes?: string[];
}

export interface Run {
  seed: number;
  /** What must hold and does not, in words. */
  broken: string[];
  /** Every entry of the log as it lies on the broker, a line each. */
  log: string;
  trace: string[];
  appends: number;
  steps: number;
  lanes: string[];
  /** How often each kind of trouble came. */
  troubles: Record<string, number>;
}

export interface Scene extends Stage {
  world: import("./world.ts").World;
  work: Workload;
  callers: Callers;
  masters: SimMaster[];
  executors: SimExecutor[];
}

export async function simulate(seed: number, plan: Plan = {}): Promise<Run> {
  const world = new World(seed);
  const hub = new MemoryHub(world);
  const network = new Network(world);
  const server = new EffectServer(world, hub);
  const calm = plan.crashAt !== undefined;
  const troubles: LogTroubles = {
    full: null,
    appends: 0,
    events: 0,
    crashAt: null,
    crash: (process, why) => {
      count.crash = (count.crash ?? 0) + 1;
      world.note(`${process.name} dies ${why}`);
      process.kill();
    },
  };
  const count: Record<string, number> = {};
  const stage: Stage = { hub, network, server, troubles, logger: silentLogger };
  const work = workload(world.chance, plan.lanes);
  const masters = [new SimMaster(stage, "master-1")];
  const stormMs = calm ? 3000 : world.chance.between(4000, 12_000);
  const callers = new Callers(hub, network, work);
  const executors = [new SimExecutor("exec-1", hub, network, server), new SimExecutor("exec-2", hub, network, server)];
  const scene: Scene = { ...stage, world, work, callers, masters, executors };
  const run = (): Run => ({
    ...{ seed, trace: world.trace, appends: troubles.appends, steps: world.steps, lanes: work.lanes, troubles: count },
    log: rawLog(hub, work),
    broken: [],
  });

  if (!(await setUp(scene))) return { ...run(), broken: ["the net could not be set up"] };
  masters.push(new SimMaster(stage, "master-2"));
  callers.begin(work, stormMs);
  network.weather = plan.weather ?? (calm ? CALM : stormy(world));
  if (plan.crashAt) troubles.crashAt = { ...plan.crashAt, append: plan.crashAt.append + troubles.appends };
  const storm = new Troubles(scene, count);
  if (calm) storm.onlyRestarts();
  else storm.begin();
  const end = world.now() + stormMs;
  await world.run(() => world.now() >= end, stormMs);
  storm.end();
  network.weather = CALM;
  callers.calmDown();
  const rested = await comeToRest(scene);
  if (troubles.events > ENDLESS) return { ...run(), broken: [`it writes on after ${ENDLESS} events`] };
  return { ...run(), broken: rested === null ? broken(scene) : [`the net did not come to rest: ${rested}`] };
}

async function setUp({ world, work, callers }: Scene): Promise<boolean> {
  let ready = false;
  void (async () => {
    if (["thought", "settled"].some((lane) => work.lanes.includes(lane)))
      await callers.insist(null, "apply-persona", { persona: personaNamed(PERSONA) });
    const crafter = { ...personaNamed(CRAFTER), flags: "rw---", tools: [CRAFT] };
    if (work.lanes.includes("craft")) await callers.insist(null, "apply-persona", { persona: crafter });
    for (const definition of work.nets)
      ready = (await callers.insist(null, "apply-net", { definition })).ok && definition === work.definition;
  })();
  return world.run(() => ready, SETUP_MS);
}

/** Null once all is done and nothing moved for two leases; else what still waits. */
async function comeToRest(scene: Scene): Promise<string | null> {
  const { world, work, callers } = scene;
  const written = () => work.nets.reduce((sum, { net }) => sum + scene.hub.log(net).last, 0);
  let running = false;
  let shaken = false;
  const resume = () => {
    running = false;
    void callers.resumeAll().then(() => {
      running = true;
    });
  };
  resume();
  const rests = () => {
    // A kill or a pause that was asked for in the storm may come into force after it.
    if (running && isStopped(scene)) resume();
    return running && unrest(scene) === null;
  };
  for (let tries = 0; tries < 20; tries++) {
    if (!(await world.run(rests, REST_MS))) return running ? unrest(scene) : "nobody answers a resume";
    const before = written();
    const end = world.now() + 2 * LEASE_MS + 1000;
    await world.run(() => world.now() >= end, 2 * LEASE_MS + 1000);
    if (unrest(scene) !== null || written() !== before) continue;
    // An owner that has nothing to write may not know that another one opened an epoch since: it is asked to write.
    if (shaken) return null;
    running = false;
    void Promise.all(work.nets.map(({ net }) => callers.insist(net, "pause").then(() => callers.insist(net, "resume")))).then(() => {
      shaken = true;
      running = true;
    });
  }
  return "the log goes on growing";
}

/** As people see it: by the control record, and by what the owner says of its net. */
function isStopped({ hub, work, masters }: Scene): boolean {
  return hub.control.state === "killed" || work.nets.some(({ net }) => masters.some((master) => master.termOf(net)?.state.paused));
}

function unrest(scene: Scene): string | null {
  const { hub, work, callers, masters, executors } = scene;
  if (!callers.done) return "a caller waits for its answer";
  for (const { net } of work.nets) {
    const moves = unrestOf(scene, net);
    if (moves !== null) return `${net}: ${moves}`;
  }
  const state = masters.flatMap(({ term }) => term ?? [])[0]?.state;
  const out = state && callers.letters.find(({ created, seq, lost }) => !lost && !letterIsIn(state, created, seq));
  if (out && out.created === hub.letterBoxes.get(NET)?.stream.created) return `letter ${out.seq} is not in`;
  if (!executors.every(({ idle }) => idle)) return "an executor has something to do";
  if (hub.results(NET).all().length > 0) return "results lie there";
  return null;
}

function unrestOf({ masters }: Scene, net: string): string | null {
  const owners = masters.flatMap((master) => master.termOf(net) ?? []);
  if (owners.length !== 1) return `${owners.length} masters own the net`;
  const state = owners[0]?.state;
  if (!state || owners[0]?.loop.backlog !== 0) return "the log has not taken all";
  if (state.paused || state.killed) return "the net is paused or stopped";
  // What people are asked about a rule may stand as long as they like: it holds nothing up (N2).
  const open = [...state.firings.values()].filter(({ gate }) => !gate?.crystal);
  if (open.length > 0) return `open firings: ${open.map(({ transition }) => transition).join(", ")}`;
  if (state.transit.size > 0) return `${state.transit.size} tokens are in transit`;
  return null;
}

function rawLog(hub: MemoryHub, work: Workload): string {
  const lines = work.nets.flatMap(({ net }) =>
    hub
      .log(net)
      .all()
      .map(({ seq, value }) => JSON.stringify({ net, seq, ...value })),
  );
  return lines.join("\n");
}
