/** The in-memory twin of the broker, for tests of the rooms above: the same port, no server, and switches for faults. */
import type { Broker, EventLog } from "../../contract/broker.ts";
import { memoryCommands, memoryDoor } from "./door.ts";
import { memoryHandover } from "./handover.ts";
import type { MemoryHub } from "./hub.ts";
import { memoryKeyValue } from "./key-value.ts";
import { memoryLiveOutput } from "./live-output.ts";
import { memoryLiveText } from "./live-text.ts";
import { memoryLeases, memoryMasters } from "./liveness.ts";
import type { AppendFaults } from "./log.ts";
import { MemoryLog } from "./log.ts";
import { memoryArtifacts, memoryCheckpoints, memoryControl, memoryPlaces, memoryVersions } from "./stores.ts";
import { MemoryWire } from "./wire.ts";
import { memoryWorkDesk } from "./work.ts";

export interface MemoryFaults extends AppendFaults {
  /** Cuts this client's wire: calls fail with `wire-down`, appends wait. */
  disconnect(): void;
  reconnect(): void;
}
export interface MemoryBroker extends Broker {
  faults: MemoryFaults;
}

/** One client; several with the same hub meet there. */
export function memoryBroker(hub: MemoryHub): MemoryBroker {
  const wire = new MemoryWire();
  const faults: MemoryFaults = {
    dropAnswers: 0,
    rejectAppends: null,
    stealSlot: 0,
    disconnect: () => wire.set(false),
    reconnect: () => wire.set(true),
  };
  const logs = new Map<string, EventLog>();
  return {
    faults,
    log: (net) => {
      const log = logs.get(net) ?? new MemoryLog(hub, net, wire, faults);
      logs.set(net, log);
      return log;
    },
    declareNet: async (net) => {
      wire.check();
      hub.log(net);
      hub.results(net);
    },
    nets: async () => {
      wire.check();
      return [...hub.logs.keys()].sort();
    },
    copies: async () => {
      wire.check();
      return { kept: 1, current: 1 };
    },
    places: (net) => memoryPlaces(hub, wire, net),
    door: memoryDoor(hub, wire),
    commands: memoryCommands(hub, wire),
    handover: memoryHandover(hub, wire),
    work: memoryWorkDesk(hub, wire),
    netVersions: memoryVersions(hub, wire, "net"),
    personaVersions: memoryVersions(hub, wire, "persona"),
    control: memoryControl(hub, wire),
    leases: memoryLeases(hub, wire),
    masters: memoryMasters(hub, wire),
    checkpoints: memoryCheckpoints(hub, wire),
    artifacts: memoryArtifacts(hub, wire),
    keyValue: (name) => memoryKeyValue(hub, wire, name),
    live: {
      publish: (event) => {
        if (wire.up) hub.live.push(structuredClone(event));
      },
    },
    liveText: memoryLiveText(hub, wire),
    liveOutput: memoryLiveOutput(hub, wire),
    onConnection: (call) => void wire.onConnection(call),
    close: async () => wire.close(),
  };
}
