/** What runs in the simulation: a net put together from lanes, each of which uses other parts of the engine. */
import type { NetFile } from "../../src/net/definition.ts";
import type { Chance } from "./chance.ts";

export const NET = "sim";
/** The net at the other end of the links; it stands where a workload has the lane `post-office`. */
export const FAR = "far";
export const PERSONA = "thinker";
/** Works in a workspace on an executor, step by step. */
export const CRAFTER = "crafter";

interface Lane {
  places: NetFile["places"];
  transitions: NetFile["transitions"];
  subnets?: NonNullable<NetFile["subnets"]>;
  /** Places that puts go to, with the data of the n-th. */
  puts?: Record<string, (n: number, chance: Chance) => Record<string, unknown>>;
  letters?: string[];
}

const LINKED = "post-office";
/** Only where a run asks for it: its seeds are its own. */
const SETTLED = "settled";
const numbered = (n: number) => ({ n });
/** Which way the rule of the lane `settled` sends an item. */
const PARITY = ["even", "odd"];

const LANES: Record<string, Lane> = {
  chain: {
    places: { start: { open: true }, middle: { capacity: 3 }, end: { sink: true }, big: { sink: true } },
    transitions: {
      first: { kind: "pass", in: [{ place: "start", as: "job" }], out: [{ to: "middle" }] },
      second: {
        kind: "map",
        value: { n: "${job.n}", next: "${job.n + 1}" },
        in: [{ place: "middle", as: "job", orderBy: "$.n DESC" }],
        out: [
          { to: "big", when: "$result.n > 6" },
          { to: "end", otherwise: true },
        ],
      },
    },
    puts: { start: numbered },
  },
  command: {
    places: { jobs: { open: true }, done: { sink: true }, errors: { sink: true } },
    transitions: {
      work: {
        kind: "command",
        pool: "p",
        argv: ["true"],
        in: [{ place: "jobs", as: "job" }],
        out: [{ to: "done", value: { n: "${job.n}", attempt: "${$result.attempt}", executor: "${$result.executor}" } }],
        onError: "errors",
        retry: { max: 2, delay: "200ms" },
      },
    },
    puts: { jobs: numbered },
  },
  board: {
    places: { board: { open: true }, notes: { sink: true }, gone: { sink: true }, left: { sink: true } },
    transitions: {
      look: { kind: "map", value: { saw: "${card.n}" }, in: [{ place: "board", as: "card", mode: "read" }], out: [{ to: "notes" }] },
      take: { kind: "pass", in: [{ place: "board", as: "card", where: "$.n > 2" }], out: [{ to: "gone" }] },
    },
    puts: { board: numbered },
  },
  story: {
    places: { stories: { open: true }, anchors: {}, tasks: {}, accepted: {}, merged: { sink: true }, late: { sink: true } },
    transitions: {
      split: {
        kind: "pass",
        route: "all",
        in: [{ place: "stories", as: "story" }],
        out: [
          { to: "anchors" },
          { to: "tasks", each: "story.parts", when: '$item != "p1"', value: { story: "${story.n}", part: "${$item}" } },
          { to: "tasks", each: "story.parts", otherwise: true, value: { story: "${story.n}", part: "${$item}" } },
        ],
      },
      build: {
        kind: "command",
        pool: "p",
        argv: ["true"],
        in: [{ place: "tasks", as: "task" }],
        out: [{ to: "accepted", value: { story: "${task.story}", part: "${task.part}", executor: "${$result.executor}" } }],
        retry: { max: 1, delay: "100ms" },
      },
      join: {
        kind: "pass",
        in: [
          { place: "anchors", as: "story" },
          {
            place: "accepted",
            as: "done",
            gather: { by: "$.story", equals: "story.n", count: "story.count", onIncomplete: { after: "40s", to: "late" } },
          },
        ],
        out: [{ to: "merged", value: { n: "${story.n}", parts: "${len(done)}" } }],
      },
    },
    puts: {
      stories: (n, chance) => {
        const parts = Array.from({ length: chance.between(1, 3) }, (_, at) => `p${at}`);
        return { n, parts, count: parts.length };
      },
    },
  },
  gate: {
    places: { asked: { open: true }, granted: { sink: true }, escalations: { sink: true } },
    transitions: {
      release: {
        kind: "pass",
        in: [{ place: "asked", as: "wish" }],
        out: [{ to: "granted" }],
        gate: { approvers: ["role:maintainer"], quorum: 2, expires: "6s", escalate: "escalations" },
      },
    },
    puts: { asked: numbered },
  },
  letters: {
    places: { post: { open: true, capacity: 2 }, read: { sink: true } },
    transitions: { sort: { kind: "pass", in: [{ place: "post", as: "letter" }], out: [{ to: "read" }] } },
    letters: ["post"],
  },
  web: {
    places: { wishes: { open: true }, obtained: { sink: true }, refused: { sink: true } },
    transitions: {
      call: {
        kind: "http",
        method: "POST",
        url: "https://server.test/wishes/${wish.n}",
        in: [{ place: "wishes", as: "wish" }],
        out: [{ to: "obtained", value: { n: "${wish.n}", status: "${$result.status}" } }],
        retry: { max: 3, delay: "100ms" },
        onError: "refused",
      },
    },
    puts: { wishes: numbered },
  },
  [LINKED]: {
    places: { parcels: { open: true }, home: { accepts: [FAR], sink: true } },
    transitions: {
      ship: {
        kind: "link",
        in: [{ place: "parcels", as: "parcel" }],
        to: { net: FAR, place: "inbox" },
        value: { n: "${parcel.n}" },
        concurrency: 3,
      },
    },
    puts: { parcels: numbered },
  },
  times: {
    places: {
      pieces: { open: true },
      bundles: { deadline: { after: "3s", to: "forgotten" } },
      forgotten: { sink: true },
      slow: { sink: true },
      ticks: { capacity: 3, sink: true },
    },
    transitions: {
      tick: { kind: "pass", schedule: { every: "1700ms" }, in: [], out: [{ to: "ticks" }] },
      bundle: {
        kind: "pass",
        in: [{ place: "pieces", as: "pieces", batch: { size: 3, within: "2s" } }],
        out: [{ to: "bundles", value: { count: "${len(pieces)}", key: "${pieces.0.n}" } }],
      },
      wait: { kind: "pass", delay: "1500ms", in: [{ place: "bundles", as: "bundle", where: "$.count > 1" }], out: [{ to: "slow" }] },
    },
    puts: { pieces: numbered },
  },
  thought: {
    places: { questions: { open: true }, answers: { sink: true } },
    transitions: {
      think: {
        kind: "llm",
        persona: PERSONA,
        ask: "${question.n}",
        instances: 2,
        in: [{ place: "questions", as: "question" }],
        out: [{ to: "answers", value: { n: "${question.n}", attempt: "${$result.attempt}" } }],
      },
    },
    puts: { questions: numbered },
  },
  /** Worked out in another process; somebody else wants the same sheets, and a broom takes what lies about. */
  formula: {
    places: {
      ...{ sheets: { open: true }, sums: { sink: true }, faulty: { sink: true }, torn: { sink: true } },
      ...{ brooms: { open: true }, swept: { sink: true } },
    },
    transitions: {
      count: {
        kind: "map",
        jsonata: '{ "n": sheet.n, "twice": sheet.n * 2 }',
        concurrency: 2,
        in: [{ place: "sheets", as: "sheet" }],
        out: [{ to: "sums" }],
        onError: "faulty",
      },
      tear: { kind: "pass", delay: "300ms", in: [{ place: "sheets", as: "sheet" }], out: [{ to: "torn" }] },
      sweep: { kind: "pass", in: [{ place: "brooms" }, { place: "sheets", mode: "reset" }], out: [{ to: "swept" }] },
    },
    puts: { sheets: numbered, brooms: numbered },
  },
  /** An instance for each case, and one inside it: whoever is first has done it, and what the other does ends with the instance. */
  race: {
    places: { cases: { open: true }, solved: { sink: true }, unsolved: { sink: true } },
    subnets: {
      track: {
        places: { case: { port: "in" }, left: {}, right: {}, answer: { port: "out" } },
        subnets: {
          lane: {
            places: { task: { port: "in" }, result: { port: "out" } },
            transitions: {
              run: {
                kind: "command",
                pool: "p",
                argv: ["true"],
                in: [{ place: "task", as: "task" }],
                out: [{ to: "result", value: { n: "${task.n}", executor: "${$result.executor}" } }],
                retry: { max: 1, delay: "200ms" },
              },
            },
          },
        },
        transitions: {
          split: { kind: "pass", route: "all", in: [{ place: "case" }], out: [{ to: "left" }, { to: "right" }] },
          send: {
            kind: "link",
            instance: "each",
            in: [{ place: "left", as: "case" }],
            to: { subnet: "lane", place: "task" },
            out: [{ to: "answer", value: { n: "${$result.n}", way: "left" } }],
          },
          walk: {
            kind: "map",
            delay: "700ms",
            value: { n: "${case.n}", way: "right" },
            in: [{ place: "right", as: "case" }],
            out: [{ to: "answer" }],
          },
        },
      },
    },
    transitions: {
      ask: {
        kind: "link",
        instance: "each",
        concurrency: 2,
        timeout: "5s",
        in: [{ place: "cases", as: "case" }],
        to: { subnet: "track", place: "case" },
        out: [{ to: "solved" }],
        onError: "unsolved",
      },
    },
    puts: { cases: numbered },
  },
  /**
   * A step whose model gives way to a rule: a shadow, the policy's yes, audits. From the item 40 on the model says something else, so the rule
   * is demoted, and people may send it into its shadow again.
   */
  [SETTLED]: {
    places: { boxes: { open: true }, items: {}, sorted: { sink: true } },
    transitions: {
      unpack: { kind: "pass", in: [{ place: "boxes", as: "box" }], out: [{ to: "items", each: "box.items" }] },
      sort: {
        kind: "llm",
        persona: PERSONA,
        ask: "${item.n}",
        concurrency: 2,
        in: [{ place: "items", as: "item" }],
        out: [{ to: "sorted", value: { n: "${item.n}", way: "${$result.way}" } }],
        crystal: {
          ...{ mode: "shadow", shadow: 3, bound: 0.2, audit: 0.3, promote: "policy", equality: { fields: { way: "exact" } } },
          rule: {
            guard: [{ test: "in", path: "/item/kind", values: [0, 1] }],
            answer: {
              kind: "object",
              fields: {
                way: { kind: "table", keys: [{ path: "/item/kind" }], rows: PARITY.map((give, at) => ({ when: [at], give })) },
              },
            },
          },
        },
      },
    },
    puts: {
      boxes: (n, chance) => ({
        n,
        items: Array.from({ length: chance.between(5, 9) }, (_, at) => ({ n: n * 10 + at, kind: chance.of(0.9) ? at % 2 : 7 })),
      }),
    },
  },
  craft: {
    places: { orders: { open: true }, crafted: { sink: true }, spoiled: { sink: true } },
    transitions: {
      make: {
        kind: "agent",
        persona: CRAFTER,
        ask: "${order.n}",
        pool: "p",
        workspace: {},
        durable: true,
        instances: 2,
        in: [{ place: "orders", as: "order" }],
        out: [{ to: "crafted", value: { n: "${order.n}", steps: "${$result.steps}" } }],
        onError: "spoiled",
        retry: { max: 2, delay: "200ms" },
      },
    },
    puts: { orders: numbered },
  },
};

/** Takes what the lane sends, keeps it and sends a receipt back. A little room, so that the links have to wait. */
const FAR_NET: NetFile = {
  net: FAR,
  places: { inbox: { accepts: [NET], capacity: 2 }, shelf: { sink: true }, receipts: { capacity: 2 } },
  transitions: {
    keep: {
      kind: "pass",
      route: "all",
      in: [{ place: "inbox", as: "parcel" }],
      out: [{ to: "shelf" }, { to: "receipts", value: { receipt: "${parcel.n}" } }],
    },
    answer: { kind: "link", in: [{ place: "receipts", as: "receipt" }], to: { net: NET, place: "home" }, value: "${receipt}" },
  },
};

export interface Workload {
  lanes: string[];
  /** Of all nets, that of the lanes last: the others are there when it begins. */
  nets: NetFile[];
  definition: NetFile;
  puts: { place: string; data: Record<string, unknown> }[];
  letters: { place: string; data: Record<string, unknown> }[];
}

export function workload(chance: Chance, only?: string[]): Workload {
  const names = only ?? Object.keys(LANES).filter((name) => name !== SETTLED && chance.of(0.42));
  if (names.length === 0) names.push("chain");
  const lanes = names.map((name) => LANES[name] as Lane);
  const definition: NetFile = {
    net: NET,
    places: Object.assign({}, ...lanes.map(({ places }) => places)),
    transitions: Object.assign({}, ...lanes.map(({ transitions }) => transitions)),
    subnets: Object.assign({}, ...lanes.map(({ subnets }) => subnets ?? {})),
  };
  const puts: Workload["puts"] = [];
  const letters: Workload["letters"] = [];
  let n = 0;
  for (const { puts: doors = {}, letters: boxes = [] } of lanes) {
    for (const [place, make] of Object.entries(doors)) {
      for (let count = chance.between(2, 5); count > 0; count--) puts.push({ place, data: make(++n, chance) });
    }
    for (const place of boxes) for (let count = chance.between(3, 8); count > 0; count--) letters.push({ place, data: numbered(++n) });
  }
  const nets = names.includes(LINKED) ? [FAR_NET, definition] : [definition];
  return { lanes: names, nets, definition, puts, letters };
}
