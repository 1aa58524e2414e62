/**
 * A broker whose caller does as its errors say: what is retryable is asked again, as all of Petrel does. Three servers that have just
 * lost their leader, because the machine stood still, answer "not now" for some seconds. What must happen once is asked again only
 * where it is certain that nothing was done.
 */
import type { Broker, EventLog, LogEntry } from "../../src/contract/broker.ts";
import { PetrelError } from "../../src/contract/errors.ts";
import type { KeyValue } from "../../src/contract/key-value.ts";
import { isApiCode } from "../../src/jetstream/jetstream-api.ts";
import { until } from "../support/wait-until.ts";

/** JetStream: "system temporarily unavailable"; it has not looked at the request. */
const UNAVAILABLE = 10008;
/** Retryable, since another may declare the place, but an answer all the same: the servers have looked. */
const ANSWERED = "place-stream-missing";

export function askedAgain(broker: Broker): Broker {
  const { control } = broker;
  return over(broker, {
    ...repeating(broker, ["declareNet", "nets", "copies"]),
    log: (net: string) => loggedAgain(broker.log(net)),
    places: (net: string) => again(broker.places(net), ["declare", "update", "ids", "silent"]),
    keyValue: (bucket: Parameters<Broker["keyValue"]>[0]) => kept(broker.keyValue(bucket)),
    control: over(control, { ...repeating(control, ["read"]), write: (change) => untouched(() => control.write(change)) }),
    work: again(broker.work, ["offer", "withdraw"]),
    netVersions: again(broker.netVersions, ["put", "get", "list", "names"]),
    personaVersions: again(broker.personaVersions, ["put", "get", "list", "names"]),
    leases: again(broker.leases, ["acquire", "renew", "release", "all"]),
    checkpoints: again(broker.checkpoints, ["save", "latest", "list", "load", "remove"]),
    artifacts: again(broker.artifacts, ["put", "get", "list", "remove"]),
  });
}

function loggedAgain(log: EventLog): EventLog {
  return over(log, {
    ...repeating(log, ["bounds", "purge"]),
    read: async (after, take, options) => {
      // A reading that breaks off has told a part already.
      const { last, entries } = await repeated(async () => {
        const found: LogEntry[] = [];
        return { last: await log.read(after, (entry) => found.push(entry), options), entries: found };
      });
      for (const entry of entries) take(entry);
      return last;
    },
  });
}

function kept(bucket: KeyValue): KeyValue {
  return over(bucket, {
    ...repeating(bucket, ["get", "list", "remove"]),
    put: (key, value, options) => untouched(() => bucket.put(key, value, options)),
  });
}

type Calls<T> = { [K in keyof T]: T[K] extends (...args: never[]) => Promise<unknown> ? K : never }[keyof T];

function again<T extends object>(port: T, names: Calls<T>[]): T {
  return over(port, repeating(port, names));
}

function repeating<T extends object>(port: T, names: Calls<T>[]): Partial<T> {
  const made = names.map((name) => {
    const call = (port[name] as (...args: unknown[]) => Promise<unknown>).bind(port);
    return [name, (...args: unknown[]) => repeated(() => call(...args))];
  });
  return Object.fromEntries(made) as Partial<T>;
}

/** The port with some of its calls replaced. */
function over<T extends object>(port: T, calls: Partial<T>): T {
  return new Proxy(port, {
    get: (target, name) => {
      if (name in calls) return calls[name as keyof T];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

async function repeated<T>(ask: () => Promise<T>): Promise<T> {
  return await settled("the broker answers", ask, (error) => {
    if (error instanceof PetrelError && error.code === ANSWERED) return true;
    throw error;
  });
}

async function untouched<T>(ask: () => Promise<T>): Promise<T> {
  return await settled("the broker is there", ask, (error) => !isApiCode(error, UNAVAILABLE));
}

/** Asks until there is an answer or a last error; an error that `last` throws is asked again after when it is retryable. */
async function settled<T>(reason: string, ask: () => Promise<T>, last: (error: unknown) => boolean): Promise<T> {
  const looked = await until(reason, () =>
    ask().then(
      (answer) => ({ answer }),
      (error: unknown) => (last(error) ? { error } : null),
    ),
  );
  if ("error" in looked) throw looked.error;
  return looked.answer;
}
