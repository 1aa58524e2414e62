/**
 * The control groups in which an executor starts its commands, where its machine lets it make any: the kernel then holds them to
 * their limits from before their programs begin.
 * G1 A command is born in its group: what starts it is in there for the moment of the fork. On v1 that is the one thread, on v2 the process.
 * G2 Groups lie below the executor's own, so that whatever bounds the executor goes on to bound them.
 * G3 Their names carry the executor's folder: a start ends and removes what a former process under it left, and nobody else's.
 * G4 Where no group can be made, the reason is kept, and the commands are started as without.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Clock } from "../contract/clock.ts";
import { CommandGroup, GROUP_PREFIX } from "./command-group.ts";
import { type GroupFiles, type GroupPlace, kernelFiles, ownPlace } from "./control-group-files.ts";
import type { TreeLimits } from "./tree-limits.ts";

export type GroupsHere = { groups: ControlGroups } | { groups: null; why: string };

export class ControlGroups {
  /** Whether the kernel holds the memory of the groups too. */
  readonly memory: boolean;
  readonly #files: GroupFiles;
  readonly #place: GroupPlace;
  readonly #home: string;
  readonly #name: string;
  readonly #clock: Clock;
  #count = 0;

  private constructor(parts: { files: GroupFiles; place: GroupPlace; home: string; name: string; memory: boolean; clock: Clock }) {
    this.memory = parts.memory;
    this.#files = parts.files;
    this.#place = parts.place;
    this.#home = parts.home;
    this.#name = parts.name;
    this.#clock = parts.clock;
  }

  /** `dir`: the executor's folder. Ends what a former process under it left in groups (G3), and tries that one can be made (G4). */
  static async open(dir: string, clock: Clock, files = kernelFiles, found = ownPlace(files)): Promise<GroupsHere> {
    if ("why" in found) return { groups: null, why: found.why };
    const name = `${GROUP_PREFIX}${createHash("sha256").update(dir).digest("hex").slice(0, 12)}-`;
    try {
      const { home, memory } = found.version === 1 ? { home: found.base, memory: false } : settleIn(files, found.base, `${name}self`);
      const groups = new ControlGroups({ files, place: found, home, name, memory, clock });
      await groups.#tidyUp();
      const trial = groups.#group({ memoryMb: 64, processes: 1 });
      trial.inside(() => {});
      await trial.end();
      return { groups };
    } catch (error) {
      return { groups: null, why: `none can be made in ${found.base}: ${error instanceof Error ? error.message : String(error)}` };
    }
  }

  /** How the paths of this process's groups begin. */
  get prefix(): string {
    return join(this.#place.base, `${this.#name}${process.pid}-`);
  }

  /** For one command; null when just now none can be made. */
  make(limits: TreeLimits): CommandGroup | null {
    try {
      return this.#group(limits);
    } catch {
      // ENOSPC: the machine's number of groups is bounded too.
      return null;
    }
  }

  #group(limits: TreeLimits): CommandGroup {
    const dir = `${this.prefix}${++this.#count}`;
    const { version } = this.#place;
    const group = new CommandGroup({ files: this.#files, version, dir, home: this.#home, limits, clock: this.#clock });
    group.create(this.memory);
    return group;
  }

  /** G3 */
  async #tidyUp(): Promise<void> {
    const { base, version } = this.#place;
    const left = this.#files.list(base).filter((entry) => entry.startsWith(this.#name) && !entry.endsWith("-self"));
    for (const entry of left) {
      const former = { files: this.#files, version, dir: join(base, entry), home: this.#home };
      await new CommandGroup({ ...former, limits: { memoryMb: 0, processes: 0 }, clock: this.#clock }).end();
    }
  }
}

/**
 * v2: a group with processes of its own can give none of its controllers to others, the root of all excepted. So the executor moves into
 * one below its own; whoever else is in there keeps it from that, and it moves back.
 */
function settleIn(files: GroupFiles, base: string, self: string): { home: string; memory: boolean } {
  const offered = words(files.read(join(base, "cgroup.controllers")));
  if (!offered.includes("pids")) throw new Error("it has no pids controller (Delegate=yes in systemd gives it one)");
  const isRoot = !files.list(base).includes("cgroup.type");
  const home = isRoot ? base : join(base, self);
  if (!isRoot) {
    if (!files.list(base).includes(self)) files.make(home);
    files.write(join(home, "cgroup.procs"), "0");
  }
  try {
    give(files, base, "pids");
  } catch (error) {
    if (!isRoot) {
      files.write(join(base, "cgroup.procs"), "0");
      files.remove(home);
    }
    throw error;
  }
  try {
    if (offered.includes("memory")) give(files, base, "memory");
    return { home, memory: offered.includes("memory") };
  } catch {
    return { home, memory: false };
  }
}

function give(files: GroupFiles, base: string, controller: string): void {
  const path = join(base, "cgroup.subtree_control");
  if (!words(files.read(path)).includes(controller)) files.write(path, `+${controller}`);
}

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

/** What holds the commands of this machine to their limits, for `doctor` and `executor ls`. */
export function limitsText(here: GroupsHere, canLook: boolean): string {
  const looked = canLook ? "looked at 4 times a second" : "none on this system";
  if (here.groups === null)
    return `processes and memory: ${looked}${canLook ? ", but for who leaves parent, session and environment between two looks" : ""} (no control group: ${here.why})`;
  return here.groups.memory ? "processes and memory: kernel" : `processes: kernel; memory: ${looked}`;
}
