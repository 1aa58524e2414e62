/** Troubles as time goes by: deaths, freezes, cuts, lost leases, a full store, thrown away letter boxes, pauses and kills. */
import { isoTime } from "../../src/contract/clock.ts";
import { letterIsIn } from "../../src/net/fold.ts";
import { NET } from "./nets.ts";
import { foldRaw, goneTokens } from "./raw-log.ts";
import type { Scene } from "./simulate.ts";

type Trouble = (scene: Scene) => void;

const NO_SPACE = { outlook: "retryable", code: "broker-full", message: "no space left on the broker's disk" } as const;

const TROUBLES: Record<string, Trouble> = {
  crashMaster: ({ world, masters }) => world.chance.pick(masters).crash(),
  stopMaster: ({ world, masters }) => world.chance.pick(masters).stop(),
  freezeMaster: ({ world, masters }) => world.chance.pick(masters).process.freeze(world.chance.between(100, 9000)),
  cutMaster: ({ world, masters }) => world.chance.pick(masters).broker.cut(world.chance.between(50, 5000)),
  loseLease: ({ world, work, hub }) => void hub.leases.delete(world.chance.pick(work.nets).net),
  crashExecutor: ({ world, executors }) => world.chance.pick(executors).crash(),
  freezeExecutor: ({ world, executors }) => world.chance.pick(executors).process.freeze(world.chance.between(100, 9000)),
  cutExecutor: ({ world, executors }) => world.chance.pick(executors).cut(world.chance.between(50, 5000)),
  fullStore: ({ world, troubles }) => {
    troubles.full = NO_SPACE;
    world.after(world.chance.between(100, 3000), () => {
      troubles.full = null;
    });
  },
  newLetterBox,
  restartBroker,
  pause: ({ world, work, callers }) => {
    const { net } = world.chance.pick(work.nets);
    void callers.ask(net, "pause").catch(() => {});
    world.after(world.chance.between(100, 3000), () => void callers.ask(net, "resume").catch(() => {}));
  },
  kill: ({ world, callers }) => {
    void callers.ask(null, "kill").catch(() => {});
    world.after(world.chance.between(100, 3000), () => void callers.ask(null, "resume").catch(() => {}));
  },
};

/** Somebody deletes the letter box while nobody is there: what lay in it is gone, and the next one counts from 1 again. */
function newLetterBox({ hub, masters, callers }: Scene): void {
  const box = hub.letterBoxes.get(NET);
  if (!box || box.stream.last === 0 || box.stream.created === isoTime(hub.clock.now())) return;
  for (const master of masters) master.crash();
  const state = foldRaw(hub);
  for (const letter of callers.letters) {
    if (letter.created === box.stream.created && !letterIsIn(state, letter.created, letter.seq)) letter.lost = true;
  }
  hub.letterBoxes.delete(NET);
}

/** The broker comes back with place streams that are not written through: some tokens are missing, some removed ones are back. */
function restartBroker({ hub, world, work, masters, executors }: Scene): void {
  const { chance } = world;
  const gone = work.nets.flatMap(({ net }) => goneTokens(hub, net).map((each) => ({ ...each, name: `${net}/${each.place}` })));
  for (const [name, tokens] of hub.places) {
    for (const id of tokens.keys()) if (chance.of(0.2)) tokens.delete(id);
    for (const each of gone) if (name === each.name && chance.of(0.2)) tokens.set(each.token.id, each.token);
  }
  for (const { broker } of masters) broker.cut(200);
  for (const executor of executors) executor.cut(200);
}

export class Troubles {
  readonly #scene: Scene;
  readonly #count: Record<string, number>;
  #over = false;

  constructor(scene: Scene, count: Record<string, number>) {
    this.#scene = scene;
    this.#count = count;
  }

  begin(): void {
    const { world } = this.#scene;
    const known = Object.keys(TROUBLES);
    const kinds = known.filter(() => world.chance.of(0.4));
    const pause = world.chance.between(200, 2500);
    const next = () => {
      if (this.#over) return;
      if (kinds.length > 0) this.#strike(world.chance.pick(kinds));
      world.after(world.chance.between(50, pause), next);
    };
    world.after(world.chance.between(50, pause), next);
    this.onlyRestarts();
  }

  /** Whoever is dead is started again after a while. */
  onlyRestarts(): void {
    const { world, masters, executors } = this.#scene;
    const look = () => {
      for (const each of [...masters, ...executors]) {
        if (!each.process.alive && (this.#over || world.chance.of(0.3))) each.restart();
      }
      world.after(150, look);
    };
    look();
  }

  /** Nothing new befalls anybody, and what was cut, frozen or full is no longer. */
  end(): void {
    const { masters, executors, troubles } = this.#scene;
    this.#over = true;
    troubles.full = null;
    for (const { process, broker } of masters) {
      process.thaw();
      broker.mend();
    }
    for (const { process } of executors) process.thaw();
  }

  #strike(kind: string): void {
    this.#count[kind] = (this.#count[kind] ?? 0) + 1;
    this.#scene.world.note(kind);
    TROUBLES[kind]?.(this.#scene);
  }
}
