/** Places, versions, control, checkpoints and artefacts of the in-memory broker. */

import type { Artifacts, Checkpoints, Control, PlaceStreams, VersionStore } from "../../contract/broker.ts";
import { isoTime } from "../../contract/clock.ts";
import { changedControl } from "../../contract/control.ts";
import { Retryable } from "../../contract/errors.ts";
import { sha256 } from "../../contract/hash.ts";
import type { Token } from "../../contract/token.ts";
import { asAnnounced } from "../announced.ts";
import { thinnedOut } from "../checkpoint-thinning.ts";
import type { MemoryHub } from "./hub.ts";
import type { MemoryWire } from "./wire.ts";

export function memoryPlaces(hub: MemoryHub, wire: MemoryWire, net: string): PlaceStreams {
  const placeOf = (place: string): Map<string, Token> => {
    const tokens = hub.places.get(`${net}/${place}`);
    if (!tokens)
      throw new Retryable({
        code: "place-stream-missing",
        message: `the stream of place ${place} of net ${net} is not there`,
        where: place,
      });
    return tokens;
  };
  return {
    declare: async (places, layout = "own") => {
      wire.check();
      if ((hub.layouts.get(net) ?? layout) !== layout)
        for (const key of [...hub.places.keys()]) if (key.startsWith(`${net}/`)) hub.places.delete(key);
      hub.layouts.set(net, layout);
      for (const { place } of places) {
        const key = `${net}/${place}`;
        if (!hub.places.has(key)) hub.places.set(key, new Map());
      }
    },
    update: async (change) => {
      wire.check();
      for (const { place, token } of change.add) placeOf(place).set(token.id, structuredClone(token));
      for (const { place, id } of change.remove) placeOf(place).delete(id);
    },
    ids: async (place) => {
      wire.check();
      return new Set(placeOf(place).keys());
    },
    silent: async () => [],
  };
}

export function memoryVersions(hub: MemoryHub, wire: MemoryWire, kind: "net" | "persona"): VersionStore {
  const key = (name: string, hash: string) => `${kind}/${name}.${hash}`;
  return {
    put: async (name, hash, definition) => {
      wire.check();
      if (!hub.versions.has(key(name, hash))) {
        hub.versions.set(key(name, hash), { definition: structuredClone(definition), at: isoTime(hub.clock.now()) });
      }
    },
    get: async (name, hash) => {
      wire.check();
      const found = hub.versions.get(key(name, hash));
      return found ? structuredClone(found.definition) : null;
    },
    list: async (name) => {
      wire.check();
      const prefix = key(name, "");
      const found = [...hub.versions].filter(([each]) => each.startsWith(prefix));
      return found.map(([each, { at }]) => ({ hash: each.slice(prefix.length), at }));
    },
    names: async () => {
      wire.check();
      const keys = [...hub.versions.keys()].filter((each) => each.startsWith(`${kind}/`));
      return [...new Set(keys.map((each) => each.slice(kind.length + 1, each.lastIndexOf("."))))].sort();
    },
  };
}

export function memoryControl(hub: MemoryHub, wire: MemoryWire): Control {
  return {
    read: async () => {
      wire.check();
      return { ...hub.control };
    },
    write: async (change) => {
      wire.check();
      hub.control = changedControl(hub.control, change);
      for (const call of [...hub.controlWatchers]) call();
      return { ...hub.control };
    },
    watch: async (call) => {
      const hear = () => {
        if (wire.up) call({ ...hub.control });
      };
      hub.controlWatchers.add(hear);
      if (hub.control.generation > 0) hear();
      const listener = wire.onConnection((state) => state === "up" && hear());
      return {
        stop: async () => {
          hub.controlWatchers.delete(hear);
          await listener.stop();
        },
      };
    },
  };
}

export function memoryCheckpoints(hub: MemoryHub, wire: MemoryWire): Checkpoints {
  const of = (net: string) => {
    wire.check();
    return hub.checkpoints.get(net) ?? new Map<number, { state: Uint8Array; kept: boolean }>();
  };
  const list = async (net: string) =>
    [...of(net)].map(([sequence, { state, kept }]) => ({ sequence, bytes: state.length, kept })).sort((a, b) => b.sequence - a.sequence);
  const load = async (net: string, sequence: number) => of(net).get(sequence)?.state.slice() ?? null;
  return {
    list,
    load,
    save: async (net, sequence, state, kept = false) => {
      const all = of(net);
      hub.checkpoints.set(net, all.set(sequence, { state: state.slice(), kept }));
      for (const each of thinnedOut(await list(net))) all.delete(each);
    },
    latest: async (net) => {
      const [newest] = await list(net);
      const state = newest ? await load(net, newest.sequence) : null;
      return newest && state ? { sequence: newest.sequence, state } : null;
    },
    remove: async (net, sequence) => void of(net).delete(sequence),
  };
}

export function memoryArtifacts(hub: MemoryHub, wire: MemoryWire): Artifacts {
  return {
    put: async (content, type) => {
      wire.check();
      const id = sha256(content);
      hub.artifacts.set(id, content.slice());
      hub.artifactTimes.set(id, { at: hub.clock.now(), type });
      return { $artifact: id, sha256: id, size: content.length, type };
    },
    putStream: async (about, pieces) => {
      const parts: Uint8Array[] = [];
      for await (const piece of asAnnounced(about, pieces)) parts.push(piece);
      wire.check();
      hub.artifacts.set(about.sha256, Buffer.concat(parts));
      hub.artifactTimes.set(about.sha256, { at: hub.clock.now(), type: about.type });
      return { $artifact: about.sha256, sha256: about.sha256, size: about.size, type: about.type };
    },
    get: async (id) => {
      wire.check();
      return hub.artifacts.get(id)?.slice() ?? null;
    },
    list: async () => {
      wire.check();
      const about = (id: string) => hub.artifactTimes.get(id) ?? { at: 0, type: "" };
      return [...hub.artifacts].map(([id, { length }]) => ({ id, size: length, ...about(id) }));
    },
    remove: async (id) => {
      wire.check();
      hub.artifacts.delete(id);
      hub.artifactTimes.delete(id);
    },
  };
}
