/** All of a running system on one page: nets, places, who works, the hands, and what it cost. */
import type { Broker } from "../contract/broker.ts";
import type { ExecutorPresence } from "../contract/envelope.ts";
import type { MarkingView } from "../contract/marking.ts";
import { netRows, readAnswer } from "./answers.ts";
import { askNet, askRuntime } from "./ask.ts";
import { type CostRow, Sums } from "./costs.ts";
import { type ClosedNet, closedNets } from "./known-nets.ts";
import { type BlockedCommand, workUnderWay } from "./work-under-way.ts";

export interface Overview {
  nets: { net: string; state: string; tokens: number; running: number; gated: number }[];
  /** Those that cannot be opened. */
  closed: ClosedNet[];
  /** Those that hold something, the fullest first. */
  places: { net: string; place: string; waiting: number; reserved: number; oldestAt: string | null }[];
  /** What is under way, the oldest first; `gate` where people are waited for. */
  doing: { net: string; who: string; transition: string; since: string; gate: string | null }[];
  executors: ExecutorPresence[];
  blocked: BlockedCommand[];
  costs: { total: CostRow; rows: CostRow[] };
}

/** The logs are read on from where they were: one of these is kept between two looks. */
export class CostsSoFar {
  readonly #sums = new Sums(["persona"]);
  readonly #read = new Map<string, number>();

  async of(broker: Broker, nets: readonly string[]): Promise<Overview["costs"]> {
    for (const net of nets) {
      const after = this.#read.get(net) ?? 0;
      const reached = await broker.log(net).read(after, ({ events }) => {
        for (const event of events) if (event.model) this.#sums.add(event);
      });
      this.#read.set(net, Math.max(after, reached));
    }
    return this.#sums.costs();
  }
}

/** Errors: those of asking the masters. */
export async function overviewOf(broker: Broker, costs: CostsSoFar): Promise<Overview> {
  const nets = readAnswer(netRows, await askRuntime(broker, "nets"), "nets");
  const executors = await broker.work.executors();
  const views = await Promise.all(
    nets.map(async ({ net }) => {
      const marking = (await askNet(broker, net, "marking")) as unknown as MarkingView;
      return { net, marking, work: await workUnderWay(broker, net, executors, marking) };
    }),
  );
  const places = views.flatMap(({ net, marking }) =>
    marking.places.map(({ place, waiting, reserved, oldestAt }) => ({ net, place, waiting, reserved, oldestAt })),
  );
  const doing = views.flatMap(({ net, marking }) =>
    marking.firings.map(({ persona, executor, transition, since, gate }) => ({
      ...{ net, who: persona ?? executor ?? "runtime", transition, since, gate },
    })),
  );
  return {
    nets: views.map(({ net, marking }) => ({
      ...{ net, state: marking.state },
      tokens: marking.places.reduce((sum, { waiting, reserved }) => sum + waiting + reserved, 0),
      running: marking.firings.filter(({ gate }) => gate === null).length,
      gated: marking.firings.filter(({ gate }) => gate !== null).length,
    })),
    closed: await closedNets(broker),
    places: places
      .filter(({ waiting, reserved }) => waiting + reserved > 0)
      .sort((a, b) => b.waiting + b.reserved - a.waiting - a.reserved),
    doing: doing.sort((a, b) => (a.since < b.since ? -1 : 1)),
    executors: executors.sort((a, b) => (a.name < b.name ? -1 : 1)),
    blocked: views.flatMap(({ work }) => work.blocked),
    costs: await costs.of(
      broker,
      nets.map(({ net }) => net),
    ),
  };
}
