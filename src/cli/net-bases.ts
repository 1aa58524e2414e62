/** Which version of a net a file was last pulled from or applied as, so that an apply on an outdated base is noticed. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { makeFolder } from "./make-folder.ts";

const bases = z.record(z.string(), z.string());
const pathOf = (dir: string) => join(dir, "net-bases.json");

/** Hash by the file's absolute path; undefined when the file has no history here. */
export function baseOf(dir: string, file: string): string | undefined {
  return read(dir)[file];
}

export function rememberBase(dir: string, file: string, hash: string): void {
  makeFolder(dir);
  writeFileSync(pathOf(dir), `${JSON.stringify({ ...read(dir), [file]: hash }, null, 2)}\n`);
}

function read(dir: string): Record<string, string> {
  try {
    return bases.parse(JSON.parse(readFileSync(pathOf(dir), "utf8")));
  } catch {
    return {};
  }
}
