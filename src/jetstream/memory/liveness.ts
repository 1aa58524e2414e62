/** Leases and masters of the in-memory broker. */
import type { CommandAnswer, Leases, MasterPresence, Masters } from "../../contract/broker.ts";
import { errorData } from "../../contract/errors.ts";
import type { Json } from "../../contract/json.ts";
import type { MemoryHub } from "./hub.ts";
import type { MemoryWire } from "./wire.ts";

export function memoryLeases(hub: MemoryHub, wire: MemoryWire): Leases {
  const held = (net: string) => {
    wire.check();
    const lease = hub.leases.get(net);
    return lease && lease.until > hub.clock.now() ? lease : null;
  };
  const hold = (net: string, owner: string, ttlMs: number) => {
    hub.leases.set(net, { owner, until: hub.clock.now() + ttlMs });
    return true;
  };
  return {
    acquire: async (net, owner, ttlMs, gone) => {
      const holder = held(net)?.owner ?? owner;
      return (holder === owner || gone?.has(holder) === true) && hold(net, owner, ttlMs);
    },
    renew: async (net, owner, ttlMs) => (held(net)?.owner ?? owner) === owner && hold(net, owner, ttlMs),
    release: async (net, owner) => {
      if (held(net)?.owner === owner) hub.leases.delete(net);
    },
    all: async () => {
      wire.check();
      return new Map([...hub.leases.keys()].flatMap((net) => (held(net) ? [[net, held(net)?.owner ?? ""] as const] : [])));
    },
  };
}

export function memoryMasters(hub: MemoryHub, wire: MemoryWire): Masters {
  return {
    announce: async (presence, ttlMs) => {
      wire.check();
      hub.masters.set(presence.name, { presence: { ...presence }, until: hub.clock.now() + ttlMs });
    },
    leave: async (name) => {
      wire.check();
      hub.masters.delete(name);
    },
    all: async () => {
      wire.check();
      const alive = [...hub.masters.values()].filter(({ until }) => until > hub.clock.now());
      return alive.map(({ presence }): MasterPresence => ({ ...presence })).sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    serve: async (name, handle) =>
      hub.serve(`master.${name}`, wire, ({ verb, body }: { verb: string; body: Json }) =>
        handle(verb, body).catch((error: unknown): CommandAnswer => ({ ok: false, error: errorData(error) })),
      ),
    ask: (name, verb, body) => hub.ask<CommandAnswer>(`master.${name}`, wire, { verb, body }),
  };
}
