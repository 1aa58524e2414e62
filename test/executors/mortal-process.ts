/**
 * Runs the scripts of its arguments as an executor without control groups runs commands, or with them where the first is `groups`, and is
 * there to be killed. Writes the pid of its watcher to stdout, and `stray PID` of each that has no sign of its own.
 */
import { tmpdir } from "node:os";
import { ControlGroups } from "../../src/executors/control-groups.ts";
import { OutlivingWatch } from "../../src/executors/outliving-watch.ts";
import { runCommand } from "../../src/executors/process-tree.ts";
import { TreeWatch } from "../../src/executors/tree-limits.ts";
import { realClock } from "./real-clock.ts";

const [dir = "", how, mark = "", ...scripts] = process.argv.slice(2);
const { groups } = how === "groups" ? await ControlGroups.open(dir, realClock) : { groups: null };
const env = { PATH: process.env.PATH ?? "" };
const births = new OutlivingWatch({ mark, groups: groups?.prefix ?? null, path: env.PATH });
const stray = births.stray.bind(births);
births.stray = (pid, start) => {
  process.stdout.write(`stray ${pid}\n`);
  return stray(pid, start);
};
const watch = new TreeWatch(realClock, births);
const [name = "", value = ""] = mark.split("=");
const all = scripts.map((script) =>
  runCommand(
    {
      ...{ argv: ["sh", "-c", script], cwd: tmpdir(), env: { ...env, [name]: `${value}1` }, timeoutMs: 600_000, births },
      ...(groups ? {} : { mark: `${mark}1`, limits: { watch, memoryMb: 1000, processes: 100 } }),
      group: groups?.make({ memoryMb: 300, processes: 100 }) ?? null,
    },
    realClock,
  ),
);
process.stdout.write(`${births.pid}\n`);
await Promise.all(all);
births.end();
