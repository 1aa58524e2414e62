/** What a master is made of: everything from outside comes in here. */
import type { InspectionEvent } from "xstate";
import type { Broker } from "../contract/broker.ts";
import type { Clock } from "../contract/clock.ts";
import type { CrystalPolicy } from "../contract/crystal-policy.ts";
import type { SignedOrder, WorkOrder } from "../contract/envelope.ts";
import type { IdSource } from "../contract/ids.ts";
import type { Logger } from "../contract/logger.ts";
import type { SecretFilter } from "../contract/secret-forms.ts";
import type { Evaluators } from "../executors/expressions/evaluators.ts";
import type { CrystalModels } from "./crystal/judge-desk.ts";
import type { Learn } from "./crystal/learn.ts";
import type { Previewer } from "./persona-preview.ts";
import type { PersonaWorker } from "./persona-work.ts";
import type { HttpHands } from "./term/http-work.ts";

export interface MasterPorts {
  broker: Broker;
  clock: Clock;
  ids: IdSource;
  /** In [0, 1). */
  random(): number;
  /** Stable over restarts of the same state folder: its lease is its own again at once. */
  name: string;
  /** Where it runs, for people. */
  process?: { host: string; pid: number };
  /** Of Petrel, for `doctor`. */
  version: string;
  /** What the broker was started with: fsync, os, memory. */
  durability: string;
  logger: Logger;
  /** How long an executor may be silent before its work goes to another. */
  leaseMs: number;
  /** How long a master may be silent before another takes its nets. */
  netLeaseMs: number;
  /** Decides no step before the log has the one that brought its tokens; default false: steps may share an entry. */
  stepwise?: boolean;
  /** Milliseconds between two changes of the place streams, at least; default 50. */
  placePaceMs?: number;
  sign(order: WorkOrder): SignedOrder;
  /** Where people find the gateway, for links that hands write; null for none. */
  gateway?: () => string | null;
  work: PersonaWorker;
  /** Shows requests without making them; without it there is no preview. */
  preview?: Previewer;
  /** What takes secrets out of events before they are written; null while there are none. */
  secretFilter?: () => SecretFilter | null;
  /** For `http` transitions; without it they fail. */
  http?: HttpHands;
  /** For `map` with JSONata; without it they fail. */
  expressions?: Evaluators;
  /** For nets that crystallize by themselves; without it they learn in the master's own process. */
  learn?: Learn;
  /** For judges of free text and for rules that a model writes; without them nobody is asked. */
  crystalModels?: CrystalModels;
  /** What petrel.config.json says of rules, for nets that say nothing of it. */
  crystallize?: CrystalPolicy;
  /** Events between two checkpoints, at least; default 2,000. */
  checkpointEvents?: number;
  /** XState's inspection API. */
  inspect?: (event: InspectionEvent) => void;
}
