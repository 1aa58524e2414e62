/**
 * Runs the scripts of its arguments as an executor without control groups runs commands, or with them where the first is `groups`, and is
 * there to be killed or frozen. With MORTAL_LEASE_MS it is granted a lease of that; with MORTAL_FREEZE it freezes itself when a command has
 * begun and its watcher has not heard of it. Writes to stdout the pid of its watcher, `stray PID` of
 * each that has no sign of its own, `still` when it hears that what it ran was ended, and how each script ended: `exit N` or a code.
 */
import { tmpdir } from "node:os";
import { Cancelled, type PetrelError } from "../../src/contract/errors.ts";
import { ControlGroups } from "../../src/executors/control-groups.ts";
import { OutlivingWatch } from "../../src/executors/outliving-watch.ts";
import { runCommand } from "../../src/executors/process-tree.ts";
import { TreeWatch } from "../../src/executors/tree-limits.ts";
import { realClock } from "./real-clock.ts";

const [dir = "", how, mark = "", ...scripts] = process.argv.slice(2);
const { groups } = how === "groups" ? await ControlGroups.open(dir, realClock) : { groups: null };
const leaseMs = Number(process.env.MORTAL_LEASE_MS ?? 0);
const over = new AbortController();
const stoodStill = () => {
  process.stdout.write("still\n");
  over.abort(new Cancelled({ code: "stood-still", message: "it stood still" }));
};
const env = { PATH: process.env.PATH ?? "" };
const births = new OutlivingWatch({ mark, groups: groups?.prefix ?? null, path: env.PATH, clock: realClock, stoodStill });
births.lease(leaseMs);
const stray = births.stray.bind(births);
births.stray = (pid, start) => {
  const over = stray(pid, start);
  process.stdout.write(`stray ${pid}\n`);
  return over;
};
if (process.env.MORTAL_FREEZE) {
  const group = births.group.bind(births);
  births.group = (pid) => {
    process.stdout.write(`${births.pid}\n`);
    process.kill(process.pid, "SIGSTOP");
    return group(pid);
  };
}
const watch = new TreeWatch(realClock, births);
const [name = "", value = ""] = mark.split("=");
const all = scripts.map((script) =>
  runCommand(
    {
      ...{
        argv: ["sh", "-c", script],
        cwd: tmpdir(),
        env: { ...env, [name]: `${value}1` },
        timeoutMs: 600_000,
        births,
        signal: over.signal,
      },
      ...(groups ? {} : { mark: `${mark}1`, limits: { watch, memoryMb: 1000, processes: 100 } }),
      group: groups?.make({ memoryMb: 300, processes: 100 }) ?? null,
    },
    realClock,
  ).then(
    ({ exitCode }) => process.stdout.write(`exit ${exitCode}\n`),
    (error: PetrelError) => process.stdout.write(`${error.code}\n`),
  ),
);
process.stdout.write(`${births.pid}\n`);
await Promise.all(all);
births.end();
