/**
 * Carries out what the log has decided about rules, as edits of the definition: a rule that was demoted is switched off there, what
 * people or a policy said yes to is switched on. It holds nothing: what is to be done follows from the state and the definition, so
 * whoever owns the net after a crash does it, and doing it twice changes nothing.
 */
import { type Clock, delay } from "../../contract/clock.ts";
import { Cancelled } from "../../contract/errors.ts";
import type { NetEvent } from "../../contract/event.ts";
import type { Logger } from "../../contract/logger.ts";
import type { CompiledTransition } from "../../net/compiled-net.ts";
import type { CompiledCrystal } from "../../net/crystal/compiled.ts";
import type { Crystal } from "../../net/crystal/definition.ts";
import { mayPromote, nextVerdict } from "../../net/crystal/notice.ts";
import { isIdleProgram } from "../../net/crystal/program-steps.ts";
import { replaced, withCrystal, withoutNext } from "../../net/crystal/stages.ts";
import { recordOf } from "../../net/crystal/state.ts";
import type { CrystalRecord } from "../../net/records.ts";
import type { NetState } from "../../net/state.ts";
import { applyNet } from "../term/apply-net.ts";
import type { Term } from "../term/term.ts";

const AGAIN_MS = 500;

/** An edit that is to be made. */
export interface Settling {
  transition: string;
  /** Null: nothing is left of it. */
  crystal: Crystal | null;
  by: string;
  reason: string;
}

/** What is to be done next, or null. Pure. */
export function nextSettling(state: NetState, transitions: Iterable<CompiledTransition>): Settling | null {
  for (const transition of transitions) {
    const { id, crystal } = transition;
    const record = crystal && recordOf(state, id, crystal.id);
    if (!crystal || !record) continue;
    const { said, demoted } = record;
    const { definition } = crystal;
    // A later rule goes with the one that it stands beside.
    const alone = withoutNext(definition);
    if (record.gone) {
      if (!isIdleProgram(state, transition)) continue;
      return { transition: id, crystal: null, by: "crystallizer", reason: "it was taken away, and nothing is under way in its steps" };
    }
    if (said) {
      const reason = said.approve ? `${said.by} said yes` : `${said.by} said no`;
      if (said.about === "replace")
        return { transition: id, crystal: (said.approve ? replaced(definition) : null) ?? alone, by: said.by, reason };
      const mode = !said.approve ? "off" : said.about === "promote" ? "live" : "shadow";
      return { transition: id, crystal: { ...alone, mode }, by: said.by, reason };
    }
    if (demoted && definition.mode !== "off")
      return { transition: id, crystal: { ...alone, mode: "off" }, by: "crystallizer", reason: demoted.reason };
    const later = nextSettled(id, crystal, record);
    if (later) return later;
    if (mayPromote(crystal, record)) {
      const { same, other } = record.shadow;
      const reason = `the net's policy: ${same} of ${same + other} answers in its shadow were the model's`;
      return { transition: id, crystal: { ...definition, mode: "live" }, by: "crystallizer", reason };
    }
  }
  return null;
}

/** A later rule whose shadow is over: it takes the place of the one that answers, where a policy says so, or it is no good. */
function nextSettled(transition: string, crystal: CompiledCrystal, record: CrystalRecord): Settling | null {
  const { next, definition } = crystal;
  const verdict = nextVerdict(crystal, record);
  if (!next || !record.next || record.demoted || verdict === "open") return null;
  const { same, other } = record.next;
  const told = `${same} of ${same + other} answers of the later rule were the model's`;
  if (verdict === "bad") return { transition, crystal: withoutNext(definition), by: "crystallizer", reason: told };
  const later = next.definition.promote === "policy" ? replaced(definition) : null;
  return later && { transition, crystal: later, by: "crystallizer", reason: `the net's policy: ${told}` };
}

export class CrystalKeeper {
  readonly #term: Term;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #busy = false;
  #again = false;

  constructor(term: Term, { clock, logger }: { clock: Clock; logger: Logger }) {
    this.#term = term;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** After an event that may have changed what is to be done. */
  follow({ type, attributes, transition }: NetEvent): void {
    const isOfGone = transition !== undefined && this.#term.state.crystals.get(transition)?.gone === true;
    if (attributes?.crystal !== undefined || attributes?.crystallized !== undefined || isOfGone || type === "resumed") this.look();
  }

  look(): void {
    if (this.#busy) {
      this.#again = true;
      return;
    }
    if (this.#next() === null) return;
    this.#busy = true;
    void this.#work().finally(() => {
      this.#busy = false;
      if (this.#again) {
        this.#again = false;
        this.look();
      }
    });
  }

  #next(): Settling | null {
    const { net, state, loop } = this.#term;
    return net && !loop.isOver && !state.killed ? nextSettling(state, net.transitions.values()) : null;
  }

  async #work(): Promise<void> {
    for (let next = this.#next(); next !== null; next = this.#next()) {
      try {
        await settleCrystal(this.#term, next);
      } catch (error) {
        if (this.#term.loop.isOver || error instanceof Cancelled) return;
        this.#logger.warn({ err: error, net: this.#term.state.net, transition: next.transition }, "a rule could not be settled yet");
        await delay(this.#clock, AGAIN_MS);
      }
    }
  }
}

/** Puts a transition's rule into its mode. Errors: Refused `outdated-base`, when somebody else's edit was faster. */
async function settleCrystal(term: Term, { transition, crystal, by, reason }: Settling): Promise<void> {
  const { net } = term;
  const definition = net?.transitions.get(transition)?.crystal ? withCrystal(net.source, transition, crystal) : null;
  if (!net || !definition) return;
  await applyNet(term, {
    ...{ definition, base: net.version, by, settles: { transition, reason } },
    ...(definition.parent ? { derived: true as const } : {}),
  });
}
