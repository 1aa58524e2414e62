/** Which task a person means by a token, a firing or a correlation. */
import * as z from "zod";
import { readAnswer } from "../../client/answers.ts";
import { askNet } from "../../client/ask.ts";
import { noSuchNet } from "../../client/known-nets.ts";
import { usage } from "../../client/usage.ts";
import type { Broker } from "../../contract/broker.ts";
import { PetrelError, Refused, Terminal } from "../../contract/errors.ts";
import { isId } from "../../contract/ids.ts";
import { leftHint, takenAnswer } from "./left.ts";

const work = z.object({
  ...{ repo: z.string(), base: z.string(), branch: z.string(), head: z.string().nullable(), title: z.string() },
  bundle: z.json(),
});
const rows = z.array(
  z.looseObject({
    ...{ net: z.string(), place: z.string(), id: z.string(), correlation: z.string(), by: z.string() },
    state: z.enum(["waiting", "gate", "stopped", "running", "taken"]),
    firing: z.string().optional(),
    transition: z.string().optional(),
    executor: z.string().nullable().optional(),
    work: work.nullable(),
    from: z.json(),
    /** Of one that is taken: what the step had done that was ended for it. */
    left: takenAnswer.shape.left.catch(null),
  }),
);
export type Task = z.output<typeof rows>[number] & { work: z.output<typeof work> };

/** `stop`: one that is being worked on will do. Errors: usage; Terminal `no-such-task`, `several-tasks`; Refused `task-running`, `already-taken`, `no-worktree`. */
export async function findTask(broker: Broker, task: string, { net, stop }: { net: string | undefined; stop: boolean }): Promise<Task> {
  if (!isId(task)) throw usage(`"${task}" names no task`, "a token, a firing or a correlation: petrel tokens NET PLACE lists them");
  if (net !== undefined) await noSuchNet(broker, net);
  const found = (await Promise.all((net === undefined ? await broker.nets() : [net]).map((each) => ask(broker, each, task)))).flat();
  if (found.length === 0)
    throw new Terminal({
      code: "no-such-task",
      message: `nothing that is in work or waits now is called ${task}`,
      hint: "petrel tokens NET PLACE lists what lies in a place, petrel gate ls what waits at a gate, petrel trace TOKEN what became of it",
    });
  const tasks = found.filter((row): row is Task => row.work !== null);
  const free = tasks.filter(({ state }) => state !== "taken" && (stop || state !== "running"));
  const [only] = free;
  if (free.length === 1 && only) return only;
  if (free.length > 1) throw several(task, free);
  throw notFree(tasks, found[0] as (typeof found)[number]);
}

async function ask(broker: Broker, net: string, task: string) {
  try {
    return readAnswer(rows, await askNet(broker, net, "find-task", { task }), "find-task");
  } catch (error) {
    // A net that nobody owns now is no reason not to find the task in another.
    if (error instanceof PetrelError && error.code === "no-owner") return [];
    throw error;
  }
}

function several(task: string, found: Task[]): Terminal {
  const lines = found.slice(0, 10).map(({ id, place, work: { title } }) => `petrel takeover ${id}   (“${title}”, in ${place})`);
  return new Terminal({ code: "several-tasks", message: `${task} stands for ${found.length} tasks`, hint: lines.join("\n         ") });
}

function notFree(tasks: Task[], first: z.output<typeof rows>[number]): PetrelError {
  const running = tasks.find(({ state }) => state === "running");
  if (running) {
    const { net, id, transition, executor, work: about, correlation } = running;
    return new Refused({
      code: "task-running",
      message: `“${about.title}” is being worked on right now, by ${transition}${executor ? ` on ${executor}` : ""}`,
      hint: `petrel takeover ${id} --stop ends that work, and gives you what it has done so far in a worktree; petrel pause ${net} lets it finish and begins nothing after it, then petrel takeover ${correlation}`,
    });
  }
  const [taken] = tasks;
  if (taken)
    return new Refused({
      code: "already-taken",
      message: `“${taken.work.title}” is taken over by ${taken.by} already`,
      hint: `petrel handback ${taken.id} returns it${leftHint(taken.left ?? null)}`,
    });
  return new Refused({
    code: "no-worktree",
    message: `${first.id} in ${first.place} names no repository and branch, so there is no worktree of it`,
    hint: `petrel token move ${first.net} ${first.place} ${first.id} --to PLACE --data JSON changes a token`,
  });
}
