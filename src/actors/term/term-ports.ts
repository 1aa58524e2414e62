/** What a term needs from the master around it. */
import type { Broker, CommandAnswer } from "../../contract/broker.ts";
import type { Clock } from "../../contract/clock.ts";
import type { CrystalPolicy } from "../../contract/crystal-policy.ts";
import type { SignedOrder, WorkOrder } from "../../contract/envelope.ts";
import type { ErrorData } from "../../contract/errors.ts";
import type { NetEvent } from "../../contract/event.ts";
import type { IdSource } from "../../contract/ids.ts";
import type { Json } from "../../contract/json.ts";
import type { Logger } from "../../contract/logger.ts";
import type { PrintedPiece } from "../../contract/printed.ts";
import type { SecretFilter } from "../../contract/secret-forms.ts";
import type { Serving } from "../../contract/serving.ts";
import type { Evaluators } from "../../executors/expressions/evaluators.ts";
import type { CrystalModels } from "../crystal/judge-desk.ts";
import type { Learn } from "../crystal/learn.ts";
import type { ExecutorStanding, HoldOff } from "../executor-standing.ts";
import type { PersonaBook } from "../persona-book.ts";
import type { AssignedFiring } from "./dispatch.ts";
import type { HttpHands } from "./http-work.ts";
import type { Term } from "./term.ts";

export interface TermPorts {
  broker: Broker;
  net: string;
  owner: string;
  clock: Clock;
  ids: IdSource;
  /** In [0, 1). */
  random(): number;
  logger: Logger;
  /** How long an executor may be silent. */
  leaseMs: number;
  personas: PersonaBook;
  /** A step waits until the log has the one before it; else a token may go several steps in one entry of the log. */
  stepwise: boolean;
  placePaceMs?: number;
  sign(order: WorkOrder): SignedOrder;
  gateway?: (() => string | null) | undefined;
  /** A persona's actor takes up a firing. */
  assign(firing: AssignedFiring): void;
  /** What takes secrets out of events before they are written; null while there are none. */
  secretFilter?: (() => SecretFilter | null) | undefined;
  /** Null: this master makes no requests. */
  http: HttpHands | null;
  /** Null: this master evaluates no JSONata. */
  expressions: Evaluators | null;
  learn: Learn;
  /** For judges of free text and for rules that a model writes; without them nobody is asked. */
  crystalModels?: CrystalModels | undefined;
  /** What petrel.config.json says of rules, for nets that say nothing of it. */
  crystallize?: CrystalPolicy;
  /** Events between two checkpoints, at least; default 2,000. */
  checkpointEvents?: number;
  standing: ExecutorStanding;
  worked(executor: string): void;
  /** Says that an executor gets no work for a while to those who look. */
  holdOff(executor: string, hold: HoldOff): void;
  /** Whatever works on this attempt must end. */
  cancel(firing: string, attempt: number, reason: string): void;
  /** The term serves from now on: before any firing is handed out. */
  opened(term: Term): void;
  definitionChanged(term: Term): void;
  /** Brings the term into line with the control record, read from the leader; true when that made its work begin again. */
  control(term: Term): Promise<boolean>;
  serve(handle: (verb: string, body: Json) => Promise<CommandAnswer>): Promise<Serving>;
  verbs: Record<string, (term: Term, body: unknown) => Promise<Json>>;
  committed(event: NetEvent): void;
  /** The last of what the commands that run now have printed. */
  printed?: () => PrintedPiece[];
  stalled(error: ErrorData | null): void;
  over(reason: string): void;
}
