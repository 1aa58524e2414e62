/** What a gateway needs of the rest; `cli/processes` hands it real things, tests the in-memory broker. */
import type { Learn } from "../actors/crystal/learn.ts";
import type { Broker } from "../contract/broker.ts";
import type { Clock } from "../contract/clock.ts";
import type { IdSource } from "../contract/ids.ts";
import type { Logger } from "../contract/logger.ts";
import type { Tiers } from "../models/tiers.ts";
import type { Collector } from "./traces/trace-exporter.ts";

export interface GatewayPorts {
  broker: Broker;
  clock: Clock;
  ids: IdSource;
  logger: Logger;
  version: string;
  /** Folder of the built monitor; null where there is none. */
  monitor: string | null;
  /** Models for the Domain Expert; absent: the rules answer. */
  expert?: Tiers | null;
  /** Of all gateways together, in one day (UTC): what the Domain Expert's model may cost, and how often guests may ask it. */
  expertLimits?: { usdPerDay: number; guestQuestionsPerDay: number };
  /** Whoever asks, `/mcp` has only the tools that look. */
  mcpReadOnly?: boolean;
  /** Where traces go; absent: nowhere. */
  collector?: Collector | null;
  /** Learns rules beside; absent: in the gateway's own process. */
  learn?: Learn;
}
