/**
 * Notices a server that was out of disk and does not go on: after a write that found no space, nats-server keeps the error for a
 * stream and refuses all that follows, also when there is room again. Only a restart lets it look anew.
 */
import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { statfs } from "node:fs/promises";

/** Bytes from which on a refused write has another reason than want of space. */
const ROOM = 16 * 1024 * 1024;
/** The newest part of the log that is looked through, bytes: a server that is refused repeats itself. */
const TAIL = 64 * 1024;
/** Not a user's quota: what it leaves does not show in the file system's free space, and the server would be restarted again and again. */
const NO_SPACE = /\[ERR\] .*no space left on device/i;

export class FullDiskWatch {
  readonly #log: string;
  readonly #free: () => Promise<number>;
  #read: number;
  #hadRoom = false;

  /** `free`: bytes that may still be written beside the log. */
  constructor(log: string, dir: string, free: () => Promise<number> = () => freeBytes(dir)) {
    this.#log = log;
    this.#free = free;
    this.#read = this.#size();
  }

  /** Whether the server has said since the last look that it found no space, while there was some the whole time. */
  async look(): Promise<boolean> {
    const said = this.#saidSince();
    const hadRoom = this.#hadRoom;
    this.#hadRoom = (await this.#free()) >= ROOM;
    return hadRoom && this.#hadRoom && NO_SPACE.test(said);
  }

  #saidSince(): string {
    const size = this.#size();
    const from = Math.max(Math.min(this.#read, size), size - TAIL);
    this.#read = size;
    if (size === from) return "";
    const file = openSync(this.#log, "r");
    try {
      const bytes = Buffer.alloc(size - from);
      return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, from)).toString("utf8");
    } finally {
      closeSync(file);
    }
  }

  #size(): number {
    return existsSync(this.#log) ? statSync(this.#log).size : 0;
  }
}

async function freeBytes(dir: string): Promise<number> {
  return roomOf(await statfs(dir));
}

/** Bytes that may be written: none where no file can be made, whatever the blocks say. Some file systems count no files. */
export function roomOf({ bavail, bsize, files, ffree }: { bavail: number; bsize: number; files: number; ffree: number }): number {
  return files > 0 && ffree === 0 ? 0 : bavail * bsize;
}
