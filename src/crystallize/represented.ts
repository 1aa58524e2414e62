/** Answers that count as the same by the declared equality, each written in the way that is most frequent: learners compare by content. */
import type { Json } from "../contract/json.ts";
import { agreement, type Equality } from "../net/rule/agree.ts";
import { keyOf, labelsOf } from "./task.ts";

/** More different answers than this are not compared with each other. */
const MOST = 500;

export function represented(targets: readonly (Json | undefined)[], equality: Equality): (Json | undefined)[] {
  if (equality === "exact" || equality === "judge") return [...targets];
  const { values } = labelsOf(targets);
  if (values.length > MOST) return [...targets];
  const chosen: (Json | undefined)[] = [];
  const byKey = new Map<string, Json | undefined>();
  for (const value of values) {
    const like = chosen.find((one) => agreement(equality, one, value) === "yes");
    if (like === undefined) chosen.push(value);
    byKey.set(keyOf(value), like ?? value);
  }
  return targets.map((target) => byKey.get(keyOf(target)));
}
