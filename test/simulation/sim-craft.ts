/** An agent of the simulation: a loop of tool calls in a workspace on an executor, each kept in the journal of the net's log. */
import type { Finished } from "../../src/actors/persona-machine.ts";
import { StepJournal } from "../../src/actors/step-journal.ts";
import type { AssignedFiring } from "../../src/actors/term/dispatch.ts";
import type { Term } from "../../src/actors/term/term.ts";
import { openDesk } from "../../src/actors/workspace-desk.ts";
import { errorData, errorFromData } from "../../src/contract/errors.ts";
import { CLOSE } from "../../src/executors/tool-desk.ts";
import type { SimProcess } from "./process.ts";

/** The tool that it calls. */
export const CRAFT = "fs.write";
const STEPS = 3;

export async function craft(firing: AssignedFiring, term: Term, signal: AbortSignal, process: SimProcess): Promise<Finished> {
  const finished = { firing: firing.firing, attempt: firing.attempt, extra: {} };
  const { chance } = process.world;
  try {
    const journal = await StepJournal.open(term, firing);
    const desk = await openDesk(term, firing, signal);
    for (let n = 1; n <= STEPS; n += 1) {
      if (journal.found(`tool-t${n}c1`) !== undefined) continue;
      // A model that thinks.
      await process.sleep(chance.between(1, 400));
      const done = await desk(CRAFT, { n }, `t${n}c1`, signal);
      if (!done.ok) throw errorFromData(done.error);
      await journal.keep(`tool-t${n}c1`, done.output);
    }
    const closed = await desk(CLOSE, {}, "close", signal);
    if (!closed.ok) throw errorFromData(closed.error);
    return { ...finished, outcome: { ok: true, value: { steps: journal.steps().length } } };
  } catch (error) {
    const { code } = errorData(error);
    const open = term.state.firings.get(firing.firing);
    // As the real worker does it (W3): the next attempt opens another workspace.
    if (code === "workspace-gone" && !signal.aborted && open?.attempt === firing.attempt) term.lapse(open, "the workspace is gone");
    const isOver = signal.aborted || ["workspace-gone", "term-over", "cancelled"].includes(code);
    return { ...finished, outcome: isOver ? null : { ok: false, error: errorData(error) } };
  }
}
