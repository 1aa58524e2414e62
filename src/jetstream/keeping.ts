/** How streams are kept: on disk or in memory, on one server or on three. */
import type { Durability } from "./server/config.ts";

/** In the server's own words, to be spread into a stream's configuration. */
export interface Keeping {
  storage: "file" | "memory";
  num_replicas: 1 | 3;
}

export function keepingOf(durability: Durability | undefined): Keeping {
  return { storage: durability === "memory" ? "memory" : "file", num_replicas: durability === "replicated" ? 3 : 1 };
}

/** The same on one server, for what is rebuilt elsewhere, and for what others than masters may write to. */
export function onOneServer(keeping: Keeping): Keeping {
  return { ...keeping, num_replicas: 1 };
}

/** The same in memory, for leases and presence. */
export function inMemory(keeping: Keeping): Keeping {
  return { ...keeping, storage: "memory" };
}
