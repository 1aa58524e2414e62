/** What an executor is bound to that is started by its name, beside its masters, and was enrolled before: that stands on the broker. */
import type { EnrolledFor } from "../contract/envelope.ts";
import { isJsonObject, type Json } from "../contract/json.ts";
import type { VerbCall } from "./verb.ts";

/** Null for one that was never enrolled, was revoked, or of which nothing can be known now. */
export async function enrolledFor(call: VerbCall, name: string): Promise<EnrolledFor | null> {
  const stored = await call.withBroker((broker) => broker.keyValue("enrolled").get(name)).catch(() => null);
  return boundBy(stored?.value ?? null);
}

export function boundBy(value: Json): EnrolledFor | null {
  if (!isJsonObject(value) || value.revoked !== undefined) return null;
  const words = (list: Json | undefined) => (Array.isArray(list) ? list.map(String) : null);
  const [pools, labels, hands] = [words(value.pools), words(value.labels), words(value.hands)];
  return pools && labels ? { pools, labels, ...(hands ? { hands } : {}) } : null;
}

/** A sentence for who starts it. */
export function boundText(name: string, { pools, labels, hands }: EnrolledFor): string {
  const parts = [`pools ${pools.join(", ")}`, labels.length > 0 ? `labels ${labels.join(", ")}` : "no labels"];
  if (hands) parts.push(`hands ${hands.join(", ")}`);
  return `${name} was enrolled, and is bound by that also here: ${parts.join("; ")}. For others: petrel executor enroll ${name} --force, or another --name`;
}
