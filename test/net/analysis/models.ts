/** Well-known models as P/T nets, made from their published descriptions. */
import { type PetriArc, type PetriNet, type PetriTransition, transition } from "../../../src/net/analysis/petri-net.ts";

/** `[id, tokens]` of each place, and of each transition what it takes and gives; a name that stands twice counts twice. */
export function petriNet(
  id: string,
  places: Record<string, number>,
  steps: Record<string, { takes?: string[]; gives?: string[]; parts?: Partial<PetriTransition> }>,
): PetriNet {
  const names = Object.keys(places);
  const arcs = (wanted: string[] = []): PetriArc[] =>
    [...new Set(wanted)].map((name) => {
      if (!names.includes(name)) throw new Error(`no place ${name}`);
      return { place: names.indexOf(name), weight: wanted.filter((other) => other === name).length };
    });
  return {
    id,
    name: id,
    places: names.map((name) => ({ id: name, name, initial: places[name] ?? 0 })),
    transitions: Object.entries(steps).map(([name, { takes, gives, parts }]) =>
      transition(name, { consume: arcs(takes), produce: arcs(gives), ...parts }),
    ),
  };
}

/** The Model Checking Contest's "Philosophers": each takes one fork, then the other, in any order. 3^n states, 2 deadlocks. */
export function philosophers(count: number): PetriNet {
  const places: Record<string, number> = {};
  const steps: Parameters<typeof petriNet>[2] = {};
  for (let at = 0; at < count; at += 1) {
    const left = `fork-${at}`;
    const right = `fork-${(at + 1) % count}`;
    Object.assign(places, { [`think-${at}`]: 1, [`fork-${at}`]: 1, [`has-left-${at}`]: 0, [`has-right-${at}`]: 0, [`eat-${at}`]: 0 });
    steps[`left-first-${at}`] = { takes: [`think-${at}`, left], gives: [`has-left-${at}`] };
    steps[`right-first-${at}`] = { takes: [`think-${at}`, right], gives: [`has-right-${at}`] };
    steps[`then-right-${at}`] = { takes: [`has-left-${at}`, right], gives: [`eat-${at}`] };
    steps[`then-left-${at}`] = { takes: [`has-right-${at}`, left], gives: [`eat-${at}`] };
    steps[`end-${at}`] = { takes: [`eat-${at}`], gives: [`think-${at}`, left, right] };
  }
  return petriNet(`philosophers-${count}`, places, steps);
}

/** Dijkstra's philosophers who take both forks at once: Lucas numbers of states, no deadlock. */
export function politePhilosophers(count: number): PetriNet {
  const places: Record<string, number> = {};
  const steps: Parameters<typeof petriNet>[2] = {};
  for (let at = 0; at < count; at += 1) {
    const forks = [`fork-${at}`, `fork-${(at + 1) % count}`];
    Object.assign(places, { [`think-${at}`]: 1, [`fork-${at}`]: 1, [`eat-${at}`]: 0 });
    steps[`take-${at}`] = { takes: [`think-${at}`, ...forks], gives: [`eat-${at}`] };
    steps[`leave-${at}`] = { takes: [`eat-${at}`], gives: [`think-${at}`, ...forks] };
  }
  return petriNet(`polite-philosophers-${count}`, places, steps);
}

/** The Kanban system of Ciardo and Tilgner (1996), the model of SMART, PRISM and the Model Checking Contest. */
export function kanban(count: number): PetriNet {
  const places: Record<string, number> = {};
  const steps: Parameters<typeof petriNet>[2] = {};
  for (const cell of [1, 2, 3, 4]) {
    Object.assign(places, { [`m${cell}`]: 0, [`back${cell}`]: 0, [`out${cell}`]: 0, [`kan${cell}`]: count });
    steps[`redo${cell}`] = { takes: [`m${cell}`], gives: [`back${cell}`] };
    steps[`back${cell}-t`] = { takes: [`back${cell}`], gives: [`m${cell}`] };
    steps[`ok${cell}`] = { takes: [`m${cell}`], gives: [`out${cell}`] };
  }
  steps["in1-t"] = { takes: ["kan1"], gives: ["m1"] };
  steps.synch1 = { takes: ["out1", "kan2", "kan3"], gives: ["kan1", "m2", "m3"] };
  steps.synch4 = { takes: ["out2", "out3", "kan4"], gives: ["kan2", "kan3", "m4"] };
  steps["out4-t"] = { takes: ["out4"], gives: ["kan4"] };
  return petriNet(`kanban-${count}`, places, steps);
}

/** A buffer with room for so many: 4 * (room + 1) states. */
export function producerConsumer(room: number): PetriNet {
  return petriNet(
    "producer-consumer",
    { idle: 1, made: 0, free: room, full: 0, hungry: 1, holding: 0 },
    {
      make: { takes: ["idle"], gives: ["made"] },
      put: { takes: ["made", "free"], gives: ["idle", "full"] },
      take: { takes: ["hungry", "full"], gives: ["holding", "free"] },
      eat: { takes: ["holding"], gives: ["hungry"] },
    },
  );
}

/** So many processes and one lock: idle, waiting, or one of them in. */
export function mutualExclusion(count: number): PetriNet {
  const places: Record<string, number> = { lock: 1 };
  const steps: Parameters<typeof petriNet>[2] = {};
  for (let at = 0; at < count; at += 1) {
    Object.assign(places, { [`idle-${at}`]: 1, [`wait-${at}`]: 0, [`in-${at}`]: 0 });
    steps[`ask-${at}`] = { takes: [`idle-${at}`], gives: [`wait-${at}`] };
    steps[`enter-${at}`] = { takes: [`wait-${at}`, "lock"], gives: [`in-${at}`] };
    steps[`leave-${at}`] = { takes: [`in-${at}`], gives: [`idle-${at}`, "lock"] };
  }
  return petriNet(`mutex-${count}`, places, steps);
}
