/** What a master is to the verbs that are asked of it, and to nobody else: `master.ts` has the rest. */
import type { ControlChange, ControlState } from "../contract/broker.ts";
import type { ErrorData } from "../contract/errors.ts";
import type { Json } from "../contract/json.ts";
import type { ActorNode } from "./actor-tree.ts";
import type { KillWord } from "./kill-word.ts";
import type { KnowledgeParts } from "./knowledge-parts.ts";
import type { MasterCircle } from "./master-circle.ts";
import type { MasterPorts } from "./master-ports.ts";
import type { PersonaBook } from "./persona-book.ts";
import type { Term } from "./term/term.ts";

export interface MasterFace {
  readonly ports: MasterPorts;
  readonly personas: PersonaBook;
  readonly knowledgeParts: KnowledgeParts;
  readonly circle: MasterCircle;
  readonly killWord: KillWord;
  /** By net: those that it owns. */
  readonly terms: ReadonlyMap<string, Term>;
  /** Nets that it serves or waits to serve. */
  served(): string[];
  /** Owns the net as soon as nobody else does. */
  serve(net: string): void;
  /** The term of a net once it has one; throws Retryable `not-serving` when it takes longer than `timeoutMs`. */
  termOf(net: string, timeoutMs?: number): Promise<Term>;
  /** Why it cannot open a net, or null. */
  problem(net: string): ErrorData | null;
  tree(): ActorNode;
  /** Brings all its terms into line with the control record, and gives what changed. */
  follow(control: ControlState, by: string): Promise<Json[]>;
  /** Raises the generation, and follows it here. */
  writeControl(change: ControlChange, by: string): Promise<ControlState>;
}
