/**
 * The fold of the whole log against the marking of the running net, and whether it is the log that its owners wrote. The net goes on meanwhile, and its owner may be a moment
 * ahead of its log: a difference counts only when it stands in each of several looks.
 */
import type { LogFault } from "../../actors/log-audit.ts";
import { pastOf } from "../../actors/past.ts";
import type { Broker } from "../../contract/broker.ts";
import { type Clock, delay } from "../../contract/clock.ts";
import { PetrelError } from "../../contract/errors.ts";
import type { Json } from "../../contract/json.ts";
import { placeRows, readAnswer, tokensAnswer } from "../answers.ts";
import { askNet } from "../ask.ts";
import { chainFaults } from "./verify-log.ts";

const LOOKS = 5;
const BETWEEN_MS = 200;
/** Answers travel in one message each: ids by the page. */
const PAGE = 200;

export interface Verified {
  net: string;
  seq: number;
  tokens: number;
  equal: boolean;
  differences: string[];
  /** Of the log itself: of its chain of hashes, above all. */
  faults: LogFault[];
}

/** Errors: those of asking the owner; Terminal `unknown-net`. */
export async function verifyNet(broker: Broker, net: string, clock: Clock): Promise<Verified> {
  let standing: ReadonlySet<string> | undefined;
  for (let look = 1; ; look += 1) {
    const { seq, tokens, differences } = await compareOnce(broker, net);
    const before: ReadonlySet<string> | undefined = standing;
    standing = new Set(differences.filter((one) => before === undefined || before.has(one)));
    if (standing.size === 0 || look === LOOKS) {
      const faults = await chainFaults(broker, net);
      return { net, seq, tokens, equal: standing.size + faults.length === 0, differences: [...standing], faults };
    }
    await delay(clock, BETWEEN_MS);
  }
}

async function compareOnce(broker: Broker, net: string): Promise<{ seq: number; tokens: number; differences: string[] }> {
  const rows = readAnswer(placeRows, await askNet(broker, net, "places"), "places");
  const running = new Map<string, Set<string>>();
  for (const { place, waiting, reserved } of rows) {
    running.set(place, waiting + reserved === 0 ? new Set() : await idsOf(broker, net, place));
  }
  const { state } = await pastOf(broker, net, { kind: "now" }, { whole: true });
  const differences: string[] = [];
  let tokens = 0;
  for (const place of new Set([...running.keys(), ...state.places.keys()])) {
    const logged = state.places.get(place) ?? new Map<string, unknown>();
    const shown = running.get(place) ?? new Set<string>();
    tokens += logged.size;
    for (const id of logged.keys()) if (!shown.has(id)) differences.push(`${place} ${id}: in the log, not in the running net`);
    for (const id of shown) if (!logged.has(id)) differences.push(`${place} ${id}: in the running net, not in the log`);
  }
  for (const row of rows) {
    const held = [...(state.places.get(row.place)?.values() ?? [])].filter(({ reservedBy }) => reservedBy !== null).length;
    if (held !== row.reserved) differences.push(`${row.place}: ${held} reserved by the log, ${row.reserved} in the running net`);
  }
  return { seq: state.seq, tokens, differences };
}

/** Ids of the tokens that the owner shows in a place, by the page: no answer is too large. */
export async function idsOf(broker: Broker, net: string, place: string): Promise<Set<string>> {
  const ids = new Set<string>();
  for (let after = ""; ; ) {
    const query = `SELECT $meta.id FROM $ WHERE $meta.id > "${after}" ORDER BY $meta.id ASC LIMIT ${PAGE}`;
    const body: { [key: string]: Json } = { place, query, limit: PAGE };
    const answer = await askNet(broker, net, "tokens", body).catch((error: unknown) => {
      // The net was edited since its places were asked for.
      if (error instanceof PetrelError && error.code === "no-such-place") return { tokens: [], total: 0 };
      throw error;
    });
    const page = readAnswer(tokensAnswer, answer, "tokens").tokens;
    for (const { id } of page) ids.add(id);
    if (page.length < PAGE) return ids;
    after = page.at(-1)?.id ?? "";
  }
}
