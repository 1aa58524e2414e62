/**
 * What must outlive this process, as files: results until the owner has them in its log, and the attempts that we hold.
 * S1 A file is whole or absent: written beside, synced, renamed, and the folder synced.
 * S2 A file that is no JSON all the same is put aside and told: it keeps no start from what else is there.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { WorkOrder, WorkResult } from "../contract/envelope.ts";

export type AttemptName = Pick<WorkOrder, "net" | "firing" | "attempt">;

export function attemptKey(about: AttemptName): string {
  return `${about.net}.${about.firing}.${about.attempt}`;
}

/** `aside`: where it lies now. */
export type TellUnreadable = (aside: string, error: unknown) => void;

export class Shelf<T extends AttemptName> {
  readonly #dir: string;
  readonly #tell: TellUnreadable;

  constructor(dir: string, tell: TellUnreadable) {
    this.#dir = dir;
    this.#tell = tell;
    mkdirSync(dir, { recursive: true });
  }

  put(item: T): void {
    const path = this.#path(item);
    const beside = `${path}.part`;
    const file = openSync(beside, "w");
    try {
      // Until all is written: one call writes only what there is room for, and calls that no error.
      writeFileSync(file, JSON.stringify(item));
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
      .flatMap((name) => this.#read(join(this.#dir, name)));
  }

  /** S2 */
  #read(path: string): T[] {
    try {
      return [JSON.parse(readFileSync(path, "utf8")) as T];
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      const aside = `${path}.unreadable`;
      renameSync(path, aside);
      this.#tell(aside, error);
      return [];
    }
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

export function openShelves(dir: string, tell: TellUnreadable = () => {}): Shelves {
  return { results: new Shelf(join(dir, "results"), tell), claims: new Shelf(join(dir, "claims"), tell) };
}
