/** What lies where in a state folder. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newOrderKeys } from "../../executors/order-signature.ts";
import { makeFolder } from "../make-folder.ts";

export interface StateFolder {
  dir: string;
  nats: string;
  logs: string;
  keys: string;
  /** Secrets written by hand, in the clear. */
  secrets: string;
  /** The key that seals those of `petrel secret set`. */
  secretKey: string;
  upLock: string;
  executor(name: string): string;
}

export function stateFolder(dir: string): StateFolder {
  return {
    dir,
    nats: join(dir, "nats"),
    logs: join(dir, "logs"),
    keys: join(dir, "keys"),
    secrets: join(dir, "secrets.json"),
    secretKey: join(dir, "keys", "secrets.key"),
    upLock: join(dir, "up.pid"),
    executor: (name) => join(dir, "executors", name),
  };
}

/** What no hand reads for an order: keys, credentials, and what is stored. Logs, and what others have laid beside, are none of it. */
export function keptFromHands({ dir, nats, keys, secrets }: StateFolder): string[] {
  return [nats, keys, secrets, ...["executors", "gateway", "takeovers", "runtime.json"].map((name) => join(dir, name))];
}

export interface OrderKeys {
  publicKey: string;
  privateKey: string;
}

/** The masters' key pair for work orders; made on the first call, readable by the owner alone. */
export function orderKeys(folder: StateFolder): OrderKeys {
  const file = join(folder.keys, "orders.json");
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as OrderKeys;
  makeFolder(folder.keys, 0o700);
  const keys = newOrderKeys();
  writeFileSync(file, `${JSON.stringify(keys)}\n`, { mode: 0o600, flag: "wx" });
  return keys;
}
