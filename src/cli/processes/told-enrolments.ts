/** Enrolments of the state folder that the broker does not have: made before it kept them, or when it could not be reached. */
import type { KeyValue } from "../../contract/key-value.ts";
import type { ExecutorUser } from "../../jetstream/server/login.ts";

/** Writes what is not there, and leaves what is. Who was enrolled for no pools in particular works beside its masters, and is believed. */
export async function tellEnrolments(enrolled: KeyValue, executors: Readonly<Record<string, ExecutorUser>>): Promise<string[]> {
  const there = new Set((await enrolled.list(">")).map(({ key }) => key));
  const missing = Object.entries(executors).filter(
    ([name, { pools, revoked }]) => pools !== null && revoked === undefined && !there.has(name),
  );
  for (const [name, { pools, labels = [] }] of missing) await enrolled.put(name, { pools, labels }, { expected: 0 });
  return missing.map(([name]) => name);
}
