/** What Petrel's MCP server stands on, for one caller. */
import type { Broker } from "../../contract/broker.ts";
import type { Clock } from "../../contract/clock.ts";

export interface McpPorts {
  broker: Broker;
  clock: Clock;
  version: string;
  /** Looks at everything and changes nothing. */
  readOnly: boolean;
  /** The nets that the caller reaches; null: all. */
  nets: readonly string[] | null;
  /** Who puts tokens in. */
  by: string;
  /** Ends what waits. */
  stopping: AbortSignal;
}
