/** What must hold after a run, whatever happened in it. The letters are those of docs/how-it-works.md. */
import { isDeepStrictEqual } from "node:util";
import { CHAIN_START } from "../../src/contract/hash.ts";
import type { NetState } from "../../src/net/state.ts";
import { NET } from "./nets.ts";
import { foldRaw, type RawEntry, rawEntries, validEntries } from "./raw-log.ts";
import { Replay } from "./replay.ts";
import type { Scene } from "./simulate.ts";

export function broken(scene: Scene): string[] {
  const replays = new Map(scene.work.nets.map(({ net }) => [net, new Replay(validEntries(scene.hub, net))]));
  const replay = replays.get(NET) ?? new Replay([]);
  return [
    ...[...replays].flatMap(([net, each]) => ofOneNet(scene, net, each)),
    ...linksCarryOnce(scene),
    ...putsAreIn(scene, replay),
    ...lettersAreIn(scene, replay),
    ...decisionsAreIn(scene),
    ...effectsOnce(scene, replay),
    ...resultsAreTheirs(scene, replay),
    ...settledIsIn(scene, replays),
  ];
}

function ofOneNet(scene: Scene, net: string, replay: Replay): string[] {
  const broken = [
    ...epochsInOrder(scene, net),
    ...chainHolds(validEntries(scene.hub, net)),
    ...replay.broken,
    ...foldIsState(scene, net),
    ...placesShowMarking(scene, net, replay),
    ...timesOnce(scene, net),
    ...stepsOnce(scene, net),
    ...instancesAreOver(replay),
  ];
  return broken.map((what) => `${net}: ${what}`);
}

/** E10: what one log sent is in the other, each once, in the order of its numbers, and nothing else is. */
function linksCarryOnce({ hub, work }: Scene): string[] {
  const names = work.nets.map(({ net }) => net);
  const linked = (net: string, types: string[], side: "net" | "from", other: string) =>
    validEntries(hub, net).flatMap(({ events }) =>
      events.flatMap(({ type, attributes, produced }) => {
        const link = attributes?.link as { net?: string; from?: string; number?: number } | undefined;
        return types.includes(type) && link?.[side] === other ? [`${link.number} ${produced?.[0]?.token.id}`] : [];
      }),
    );
  return names.flatMap((from) =>
    names.flatMap((to) => {
      const sent = linked(from, ["sent"], "net", to);
      const came = linked(to, ["arrived", "refused"], "from", from);
      const gap = sent.findIndex((each, at) => !each.startsWith(`${at + 1} `));
      if (gap >= 0) return [`E10: ${from} sends ${sent[gap]} to ${to} as its number ${gap + 1}`];
      return isDeepStrictEqual(sent, came) ? [] : [`E10: ${from} has sent ${show(sent)}, and ${to} has taken ${show(came)}`];
    }),
  );
}

/** I3: all sub-nets here have an instance for each case, and a net at rest has no case left. */
function instancesAreOver({ rest }: Replay): string[] {
  const inside = [...rest.values()].filter(({ place, token }) => place.includes("--") || token.instance !== undefined);
  return inside.map(({ place, token }) => `I3: ${token.id} lies in ${place}, and its instance is over`);
}

/** A time of a schedule makes one firing at most. */
function timesOnce({ hub }: Scene, net: string): string[] {
  const seen = new Set<string>();
  return validEntries(hub, net).flatMap(({ events }) =>
    events.flatMap(({ type, transition, attributes }) => {
      const at = (attributes?.schedule as { at?: string } | undefined)?.at;
      if (type !== "fired" || at === undefined) return [];
      const key = `${transition} ${at}`;
      const twice = seen.has(key);
      seen.add(key);
      return twice ? [`${transition} fires twice for ${at}`] : [];
    }),
  );
}

/** J1: what a turn loop has done is in the log, and not made again: each step's name stands once, until the loop begins anew. */
function stepsOnce({ hub }: Scene, net: string): string[] {
  const kept = new Map<string, Set<string>>();
  return validEntries(hub, net).flatMap(({ events }) =>
    events.flatMap(({ type, firing = "", attributes, produced }) => {
      const said = (produced?.[0]?.token.data as { steps?: number } | undefined)?.steps;
      if (type === "fired" && said !== undefined && said !== (kept.get(firing)?.size ?? 0))
        return [`J1: ${firing} has done ${said} steps, and the log has ${kept.get(firing)?.size ?? 0}`];
      const step = attributes?.step as { name?: string; anew?: string } | undefined;
      if (type !== "step" || !step) return [];
      const names = step.anew === undefined ? (kept.get(firing) ?? new Set<string>()) : new Set<string>();
      kept.set(firing, names);
      if (step.name === undefined) return [];
      const twice = names.has(step.name);
      names.add(step.name);
      return twice ? [`J1: the step ${step.name} of ${firing} stands twice in the log`] : [];
    }),
  );
}

/** E2: nothing of an owner comes after the next one has opened its epoch. */
function epochsInOrder({ hub }: Scene, net: string): string[] {
  let newest = 0;
  const broken: string[] = [];
  for (const { sequence, epoch } of rawEntries(hub, net)) {
    if (epoch < newest) broken.push(`E2: entry ${sequence} is of epoch ${epoch}, after epoch ${newest} began`);
    newest = Math.max(newest, epoch);
  }
  return broken;
}

/** Every entry names the one before it. */
function chainHolds(entries: RawEntry[]): string[] {
  return entries.flatMap(({ sequence, prev }, at) => {
    const wanted = entries[at - 1]?.hash ?? CHAIN_START;
    return prev === wanted ? [] : [`E2: entry ${sequence} names another entry as the one before it`];
  });
}

/** E1: what the owner holds in memory is the fold of its log. */
function foldIsState({ hub, masters }: Scene, net: string): string[] {
  const term = masters.flatMap((each) => each.termOf(net) ?? [])[0];
  if (!term) return ["nobody owns the net"];
  const folded = foldRaw(hub, net);
  const differing = (Object.keys(folded) as (keyof NetState)[]).filter((part) => !isDeepStrictEqual(term.state[part], folded[part]));
  return differing.map(
    (part) => `E1: ${part} of the owner is not the fold of the log: ${show(term.state[part])}, in the log ${show(folded[part])}`,
  );
}

/** E5. */
function placesShowMarking({ hub }: Scene, net: string, replay: Replay): string[] {
  const marking = new Map<string, string[]>();
  for (const [id, { place }] of replay.rest) marking.set(place, [...(marking.get(place) ?? []), id]);
  const streams = [...hub.places.keys()].filter((name) => name.startsWith(`${net}/`)).map((name) => name.slice(net.length + 1));
  const places = new Set([...marking.keys(), ...streams]);
  return [...places].flatMap((place) => {
    const wanted = (marking.get(place) ?? []).sort();
    const shown = [...(hub.places.get(`${net}/${place}`)?.keys() ?? [])].sort();
    return isDeepStrictEqual(wanted, shown) ? [] : [`E5: the stream of ${place} shows ${show(shown)}, in the log ${show(wanted)}`];
  });
}

/** E6, E7: what was answered is in the log as it was said, once for each key, and at rest or taken by one firing. */
function putsAreIn({ callers }: Scene, replay: Replay): string[] {
  const broken: string[] = [];
  const bySeq = new Map(replay.arrivals.map((event) => [event.seq, event]));
  for (const { place, data, key, answers } of callers.puts) {
    for (const answer of answers) {
      const arrived = bySeq.get(answer.seq);
      const made = arrived?.produced?.[0];
      if (!made || made.token.id !== answer.id || made.place !== place || !isDeepStrictEqual(made.token.data, data)) {
        broken.push(
          `E7: the put ${key ?? show(data)} was answered with ${show(answer)}; event ${answer.seq} of the log is ${show(arrived?.type)}`,
        );
      } else if (replay.rest.has(answer.id) === replay.taken.has(answer.id)) {
        broken.push(`E7: the token ${answer.id} is neither at rest nor taken by one firing`);
      }
    }
    const came = replay.arrivals.filter(({ attributes }) => key !== null && attributes?.put === key);
    if (came.length > 1) broken.push(`E6: the put ${key} came in ${came.length} times`);
    if (key !== null && came.length === 0) broken.push(`E6: the put ${key} never came in`);
  }
  return broken;
}

function lettersAreIn({ callers }: Scene, replay: Replay): string[] {
  return callers.letters.flatMap(({ created, seq, data, lost }) => {
    const came = replay.arrivals.filter(({ attributes }) => isDeepStrictEqual(pick(attributes?.letter), { created, seq }));
    if (came.length > 1) return [`E6: letter ${seq} of ${created} came in ${came.length} times`];
    if (came.length === 0) return lost ? [] : [`E6: letter ${seq} of ${created} never came in`];
    return isDeepStrictEqual(came[0]?.produced?.[0]?.token.data, data) ? [] : [`E6: letter ${seq} of ${created} came in as something else`];
  });
}

/** E7. */
function decisionsAreIn({ hub, callers }: Scene): string[] {
  const logged = new Set(validEntries(hub).flatMap(({ events }) => events.map(({ attributes }) => attributes?.decisionId)));
  return callers.decisions.filter((id) => !logged.has(id)).map((id) => `E7: the decision ${id} was answered and is not in the log`);
}

/** E4, E8: a server sees a key only for attempts that were in the log before, each once, and applies it once. */
function effectsOnce({ server }: Scene, replay: Replay): string[] {
  const broken: string[] = [];
  const seen = new Set<string>();
  const applied = new Set<string>();
  const requests = new Map<string, number>();
  for (const { key, firing, attempt: named, by, logged, applied: first } of server.calls) {
    // A request names no attempt: the n-th one needs n attempts that were in the log before.
    const asked = (requests.get(key) ?? 0) + 1;
    if (named === null) requests.set(key, asked);
    const attempt = named ?? replay.openedBy(firing, logged)[asked - 1] ?? -asked;
    const one = `${firing}/${attempt}`;
    // A session asks under several keys.
    const asking = `${key} ${attempt}`;
    const opened = replay.attempts.get(one);
    if (opened === undefined || opened > logged) broken.push(`E4: ${by} asked for ${key}, attempt ${attempt}, before it was in the log`);
    if (seen.has(asking)) broken.push(`E8: ${key} was asked for twice in attempt ${attempt}, without a later start in the log`);
    seen.add(asking);
    if (first && applied.has(key)) broken.push(`E4: ${key} was applied twice`);
    if (first) applied.add(key);
    const claim = replay.claims.get(one);
    if (by.startsWith("exec") && (claim?.executor !== by || claim.sequence > logged)) {
      broken.push(`E8: ${by} asked for ${key}, attempt ${attempt}, which the log gives to ${claim?.executor ?? "nobody"}`);
    }
  }
  return broken;
}

/** E8: a result counts only from the executor that holds the claim, for the attempt that is open. */
function resultsAreTheirs({ hub }: Scene, replay: Replay): string[] {
  return validEntries(hub).flatMap(({ events }) =>
    events.flatMap((event) => {
      const executor = (event.produced?.[0]?.token.data as { executor?: string } | undefined)?.executor;
      if (event.type !== "fired" || executor === undefined) return [];
      const claim = replay.claims.get(`${event.firing}/${event.attempt}`);
      return claim?.executor === executor
        ? []
        : [`E8: event ${event.seq} takes ${executor}'s result, the claim was ${claim?.executor ?? "nobody"}'s`];
    }),
  );
}

/** E8: an executor lets go of a result once it is told that the attempt is over: the log must have said so by then. */
function settledIsIn({ executors }: Scene, replays: Map<string, Replay>): string[] {
  return executors.flatMap(({ name, settled }) =>
    settled.flatMap(({ net, firing, attempt, logged }) => {
      const ended = replays.get(net)?.ended.get(`${firing}/${attempt}`);
      if (ended !== undefined && ended <= logged) return [];
      return [
        `E8: ${name} is told at entry ${logged} that attempt ${attempt} of ${firing} is over; the log says so at ${ended ?? "no entry"}`,
      ];
    }),
  );
}

function pick(letter: unknown): unknown {
  const { created, seq } = (letter ?? {}) as { created?: unknown; seq?: unknown };
  return { created, seq };
}

function show(value: unknown): string {
  const text = JSON.stringify(value, (_, each: unknown) => (each instanceof Map || each instanceof Set ? [...each] : each));
  return (text ?? "nothing").slice(0, 400);
}
