/** All that the tools of one attempt stand on. A helper's room is its parent's with less in it. */
import type { Clock } from "../../contract/clock.ts";
import type { ModelUse, NetEvent } from "../../contract/event.ts";
import type { Json } from "../../contract/json.ts";
import type { ArtifactRef } from "../../contract/token.ts";
import type { Tiers } from "../../models/tiers.ts";
import type { Capabilities } from "../../personas/capabilities.ts";
import type { Knowledge, Persona } from "../../personas/persona-schema.ts";
import type { Wiring } from "../../personas/policy.ts";
import type { Denied, ToolOutcome } from "../../personas/turn.ts";
import type { ToolDefinition } from "../../tools/port.ts";
import type { PersonaBook } from "../persona-book.ts";
import type { AssignedFiring } from "../term/dispatch.ts";
import type { Term } from "../term/term.ts";
import type { Desk } from "../workspace-desk.ts";

export interface ToolRoom {
  term: Term;
  firing: AssignedFiring;
  persona: Persona;
  capabilities: Capabilities;
  wiring: Wiring;
  knowledge: readonly Knowledge[];
  personas: PersonaBook;
  tiers: Tiers;
  clock: Clock;
  signal: AbortSignal;
  desk: Desk | null;
  /** The tools that there are for this firing, those of MCP servers included. */
  tools: ReadonlyMap<string, ToolDefinition>;
  /** Calls back for each event of the net from now on. */
  follow(call: (event: NetEvent) => void): () => void;
  /** A model call that a tool has made. */
  book(use: ModelUse): void;
  denied(denied: Denied): void;
  /** Artefacts that this attempt has put. */
  own: Map<string, ArtifactRef>;
  /** Runs a call that the policy has let through, in this room or a helper's. */
  run(room: ToolRoom, name: string, input: Json, call: string, signal: AbortSignal): Promise<ToolOutcome>;
  /** 0 for the persona itself, 1 for its helper, and so on. */
  depth: number;
}
