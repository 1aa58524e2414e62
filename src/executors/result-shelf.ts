/**
 * What must outlive this process, as files: results until the owner has them in its log, and the attempts that we hold.
 * S1 A file is whole or absent: written beside, synced, renamed, and the folder synced.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { WorkOrder, WorkResult } from "../contract/envelope.ts";

export type AttemptName = Pick<WorkOrder, "net" | "firing" | "attempt">;

export function attemptKey(about: AttemptName): string {
  return `${about.net}.${about.firing}.${about.attempt}`;
}

export class Shelf<T extends AttemptName> {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(dir, { recursive: true });
  }

  put(item: T): void {
    const path = this.#path(item);
    const beside = `${path}.part`;
    const file = openSync(beside, "w");
    try {
      writeSync(file, JSON.stringify(item));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(beside, path);
    const folder = openSync(this.#dir, "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  }

  has(about: AttemptName): boolean {
    return readdirSync(this.#dir).includes(`${attemptKey(about)}.json`);
  }

  remove(about: AttemptName): void {
    rmSync(this.#path(about), { force: true });
  }

  all(): T[] {
    return readdirSync(this.#dir)
      .filter((name) => name.endsWith(".json"))
      .sort()
      .map((name) => JSON.parse(readFileSync(join(this.#dir, name), "utf8")) as T);
  }

  #path(about: AttemptName): string {
    return join(this.#dir, `${attemptKey(about)}.json`);
  }
}

export interface Shelves {
  /** `results/<net>.<firing>.<attempt>.json` */
  results: Shelf<WorkResult>;
  /** `claims/<net>.<firing>.<attempt>.json`: taken and not yet answered. */
  claims: Shelf<AttemptName>;
}

export function openShelves(dir: string): Shelves {
  return { results: new Shelf(join(dir, "results")), claims: new Shelf(join(dir, "claims")) };
}
