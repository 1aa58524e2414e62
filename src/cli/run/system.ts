/** The system that a run uses: the one that is up in the state folder, else one of its own for as long as it takes. */

import { usage } from "../../client/usage.ts";
import type { Broker } from "../../contract/broker.ts";
import { PetrelError, Terminal } from "../../contract/errors.ts";
import type { Connection } from "../doors.ts";
import type { ModelOptions } from "../processes/model-choice.ts";
import { printPlan } from "../processes/model-plan.ts";
import { DEFAULT_LEASE_MS, Supervisor } from "../supervisor.ts";
import type { VerbCall } from "../verb.ts";

export interface RunSystem {
  broker: Broker;
  /** True when it ends with the run. */
  own: boolean;
  end(): Promise<void>;
}

const MODEL_FLAGS = ["models", "answers", "budget", "pace", "record"];

export async function openSystem(call: VerbCall, models: ModelOptions, onChange: (what: string) => void): Promise<RunSystem> {
  const { petrel, dir, out } = call;
  const running = await runningSystem(call);
  if (running) {
    const flag = MODEL_FLAGS.find((name) => call.text(name) !== undefined);
    if (flag !== undefined) {
      await running.close();
      throw usage(
        `a Petrel is up in ${dir} and has its own models: --${flag} would change nothing`,
        "leave it out, or take another folder with --dir",
      );
    }
    out.say(`The Petrel that is up in ${dir} does the work, with its own models and budget.`);
    return { broker: running.broker, own: false, end: () => running.close() };
  }
  if (models.source === "live") await printPlan(petrel, models, out);
  const supervisor = await Supervisor.start(petrel, {
    dir,
    durability: "fsync",
    models,
    leaseMs: DEFAULT_LEASE_MS,
    logLevel: call.logLevel === "warn" ? "info" : call.logLevel,
    slots: 4,
    onChange,
  });
  try {
    const connection = await petrel.connect(dir, { logLevel: call.logLevel });
    return {
      broker: connection.broker,
      own: true,
      end: async () => {
        await connection.close();
        await supervisor.stop();
      },
    };
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
}

async function runningSystem(call: VerbCall): Promise<Connection | null> {
  try {
    return await call.petrel.connect(call.dir, { logLevel: call.logLevel });
  } catch (error) {
    if (error instanceof PetrelError && error.code === "not-running") return null;
    throw error;
  }
}

/** What a run could wait for in vain is said at once. Errors: Terminal `net-paused`. */
export function mustRun(rows: { net: string; state: string }[], net: string, own: boolean, dirShown: string): void {
  const state = rows.find((row) => row.net === net)?.state;
  if (state === undefined || state === "running") return;
  const resume = state === "paused" ? `petrel resume ${net} --dir ${dirShown}` : `petrel resume --dir ${dirShown}`;
  throw new Terminal({
    code: "net-paused",
    message: `${net} is ${state}, so nothing would happen; the request was not put in`,
    hint: own ? `petrel up --dir ${dirShown}, and in another terminal: ${resume}` : resume,
  });
}
