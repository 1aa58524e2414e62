/**
 * Sub-nets with logs of their own run what the net around them says: its owner sends each its definition, until each has it.
 * Whoever owns them answers, here or on another master.
 */
import type { Broker } from "../contract/broker.ts";
import { type Clock, delay } from "../contract/clock.ts";
import { type ErrorData, errorData } from "../contract/errors.ts";
import type { Json } from "../contract/json.ts";
import type { Logger } from "../contract/logger.ts";
import type { NetDefinition } from "../net/definition.ts";
import { ownNets } from "../net/flatten.ts";
import type { Term } from "./term/term.ts";

const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 5000;

export interface OwnSubnetPorts {
  broker: Broker;
  clock: Clock;
  logger: Logger;
  /** This master stands ready for the net. */
  serve(net: string): void;
}

export function keepOwnSubnets(term: Term, ports: OwnSubnetPorts): void {
  const { net } = term;
  for (const definition of net ? ownNets(net.source) : []) void define(term, definition, ports);
}

/** Ends when the sub-net has it, or the net around it has changed again or another owner. */
async function define(term: Term, definition: NetDefinition, { broker, clock, logger, serve }: OwnSubnetPorts): Promise<void> {
  const version = term.state.definition;
  let told = "";
  for (let wait = FIRST_WAIT_MS; !term.loop.isOver && term.state.definition === version; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    serve(definition.net);
    const problem = await ask(broker, definition, term.state.net);
    if (problem === null) return;
    if (problem.code !== told && problem.code !== "no-owner")
      logger.warn({ net: definition.net, error: problem }, "a sub-net is not defined yet");
    told = problem.code;
    await delay(clock, wait);
  }
}

async function ask(broker: Broker, definition: NetDefinition, by: string): Promise<ErrorData | null> {
  try {
    const body = { definition: definition as unknown as Json, by: { user: by } };
    const answer = await broker.commands.ask(definition.net, "define", body);
    return answer.ok ? null : (answer.error ?? { outlook: "terminal", code: "unexpected", message: "no reason was given" });
  } catch (error) {
    return errorData(error);
  }
}
