/** A token by its id alone, or by the beginning of its id: the net whose log made it. */
import type { Broker } from "../../contract/broker.ts";
import { type PetrelError, Terminal } from "../../contract/errors.ts";
import { isId } from "../../contract/ids.ts";
import { editDistance } from "../../net/check-nearest.ts";
import { usage } from "../failure.ts";
import { type LineageIndex, lineageIndex } from "./lineage-index.ts";

const MOST = 5;
/** Beyond so many ids only those that begin alike are compared letter by letter. */
const COMPARED = 20_000;

export interface FoundToken {
  net: string;
  id: string;
  index: LineageIndex;
}

/** Errors: usage; Terminal `no-such-token` with the nearest ids, `ambiguous-token`. */
export async function findToken(broker: Broker, text: string, nets: string[]): Promise<FoundToken> {
  if (!isId(text)) throw usage(`"${text}" names no token`, "an id like t-8msgb7uis30et913k82le; petrel tokens NET PLACE lists them");
  const begun: FoundToken[] = [];
  const near: string[] = [];
  let firing: string | null = null;
  const exact: FoundToken[] = [];
  for (const net of nets) {
    const index = await lineageIndex(broker, net);
    if (index.has(text)) exact.push({ net, id: text, index });
    if (exact.length > 0) continue;
    for (const id of index.tokens()) if (id.startsWith(text) && begun.length <= MOST) begun.push({ net, id, index });
    if (begun.length === 0) near.push(...nearestIds(text, index));
    const made = index.step(text)?.outputs;
    if (made) firing = made.length > 0 ? `it is a firing; it made ${made.slice(0, MOST).join(", ")}` : "it is a firing that made no token";
  }
  const found = exact.length > 0 ? exact : begun;
  if (found.length === 1 && found[0]) return found[0];
  if (found.length > 1) throw ambiguous(text, found);
  throw new Terminal({
    code: "no-such-token",
    message: `no token ${text} was ever in ${nets.length === 1 ? nets[0] : "any net"}`,
    hint: firing ?? (near.length > 0 ? `the nearest ids: ${best(text, near).join(", ")}` : "petrel events NET shows what a log holds"),
  });
}

function ambiguous(text: string, found: FoundToken[]): PetrelError {
  const nets = [...new Set(found.map(({ net }) => net))];
  const same = nets.length > 1 && found.every(({ id }) => id === text);
  return new Terminal({
    code: "ambiguous-token",
    message: same ? `the logs of ${nets.join(" and ")} have a token ${text}` : `several tokens begin with ${text}`,
    hint: same
      ? `petrel trace ${text} --net ${nets[0]}`
      : found
          .slice(0, MOST)
          .map(({ id }) => id)
          .join(", "),
  });
}

function nearestIds(text: string, index: LineageIndex): string[] {
  const all = [...index.tokens()];
  const head = text.slice(0, 4);
  return best(text, all.length > COMPARED ? all.filter((id) => id.startsWith(head)).slice(0, COMPARED) : all);
}

function best(text: string, ids: string[]): string[] {
  return ids
    .map((id) => ({ id, distance: editDistance(text, id) }))
    .sort((one, other) => one.distance - other.distance)
    .slice(0, MOST)
    .map(({ id }) => id);
}
