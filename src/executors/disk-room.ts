/**
 * Whether the disk of an executor has room for more work.
 * D1 It is full by the word of a write that failed, or when less is left than work begins with; then no work is taken.
 * D2 It has room again when a write goes through and twice as much is left: nobody need tell it.
 */
import { rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";

const LEAST_BYTES = 32 * 1024 * 1024;
/** Of a small disk this part is enough. */
const LEAST_PART = 0.05;
const PROBE_BYTES = 64 * 1024;

export interface Room {
  /** Bytes. */
  free: number;
  total: number;
}
export interface DiskProbe {
  room(): Promise<Room>;
  /** Writes a little; throws as the disk does. */
  write(): Promise<void>;
}

export class DiskRoom {
  readonly #dir: string;
  readonly #probe: DiskProbe;
  readonly #changed: () => void;
  #full: string | null = null;
  #looking: Promise<void> | null = null;

  /** `changed` is called when it has become full, and when it has room again. */
  constructor(dir: string, changed: () => void, probe = probeOf(dir)) {
    this.#dir = dir;
    this.#changed = changed;
    this.#probe = probe;
  }

  /** A clause like `no room on the disk of /srv/petrel (0 MB are free)`; null while there is room. */
  get full(): string | null {
    return this.#full;
  }

  /** D1. Of an error that says nothing of room nothing follows. */
  failed(error: unknown): void {
    if (isDiskFull(error)) this.#say(`no room on the disk of ${this.#dir}`);
  }

  /** Looks, once at a time; never throws. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    try {
      const { free, total } = await this.#probe.room();
      // Some file systems tell nothing of their size.
      const least = total > 0 ? Math.min(LEAST_BYTES, total * LEAST_PART) : 0;
      if (free < (this.#full === null ? least : 2 * least))
        return this.#say(`no room on the disk of ${this.#dir} (${Math.floor(free / 1e6)} MB are free)`);
      if (this.#full === null) return;
      await this.#probe.write(); // D2
      this.#full = null;
      this.#changed();
    } catch (error) {
      this.failed(error);
    }
  }

  #say(full: string): void {
    const isNew = this.#full === null;
    this.#full = full;
    if (isNew) this.#changed();
  }
}

export function isDiskFull(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return code === "ENOSPC" || code === "EDQUOT";
}

function probeOf(dir: string): DiskProbe {
  const file = join(dir, "room.probe");
  return {
    room: async () => {
      const { bavail, blocks, bsize } = await statfs(dir);
      return { free: bavail * bsize, total: blocks * bsize };
    },
    write: async () => {
      try {
        await writeFile(file, Buffer.alloc(PROBE_BYTES, 1));
      } finally {
        await rm(file, { force: true });
      }
    },
  };
}
