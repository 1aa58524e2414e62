/** What must hold after a run, whatever happened in it. The letters are those of docs/how-it-works.md. */
import { isDeepStrictEqual } from "node:util";
import { CHAIN_START } from "../../src/contract/hash.ts";
import type { NetState } from "../../src/net/state.ts";
import { NET } from "./nets.ts";
import { foldRaw, type RawEntry, rawEntries, validEntries } from "./raw-log.ts";
import { Replay } from "./replay.ts";
import type { Scene } from "./simulate.ts";

export function broken(scene: Scene): string[] {
  const entries = validEntries(scene.hub);
  const replay = new Replay(entries);
  return [
    ...epochsInOrder(scene),
    ...chainHolds(entries),
    ...replay.broken,
    ...foldIsState(scene),
    ...placesShowMarking(scene, replay),
    ...putsAreIn(scene, replay),
    ...lettersAreIn(scene, replay),
    ...decisionsAreIn(scene),
    ...effectsOnce(scene, replay),
    ...resultsAreTheirs(scene, replay),
  ];
}

/** E2: nothing of an owner comes after the next one has opened its epoch. */
function epochsInOrder({ hub }: Scene): string[] {
  let newest = 0;
  const broken: string[] = [];
  for (const { sequence, epoch } of rawEntries(hub)) {
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
function foldIsState({ hub, masters }: Scene): string[] {
  const term = masters.flatMap((each) => each.term ?? [])[0];
  if (!term) return ["nobody owns the net"];
  const folded = foldRaw(hub);
  const differing = (Object.keys(folded) as (keyof NetState)[]).filter((part) => !isDeepStrictEqual(term.state[part], folded[part]));
  return differing.map(
    (part) => `E1: ${part} of the owner is not the fold of the log: ${show(term.state[part])}, in the log ${show(folded[part])}`,
  );
}

/** E5. */
function placesShowMarking({ hub }: Scene, replay: Replay): string[] {
  const marking = new Map<string, string[]>();
  for (const [id, { place }] of replay.rest) marking.set(place, [...(marking.get(place) ?? []), id]);
  const places = new Set([...marking.keys(), ...[...hub.places.keys()].map((name) => name.slice(NET.length + 1))]);
  return [...places].flatMap((place) => {
    const wanted = (marking.get(place) ?? []).sort();
    const shown = [...(hub.places.get(`${NET}/${place}`)?.keys() ?? [])].sort();
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
    const opened = replay.attempts.get(one);
    if (opened === undefined || opened > logged) broken.push(`E4: ${by} asked for ${key}, attempt ${attempt}, before it was in the log`);
    if (seen.has(one)) broken.push(`E8: ${key} was asked for twice in attempt ${attempt}, without a later start in the log`);
    seen.add(one);
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

function pick(letter: unknown): unknown {
  const { created, seq } = (letter ?? {}) as { created?: unknown; seq?: unknown };
  return { created, seq };
}

function show(value: unknown): string {
  const text = JSON.stringify(value, (_, each: unknown) => (each instanceof Map || each instanceof Set ? [...each] : each));
  return (text ?? "nothing").slice(0, 400);
}
