/** `<dir>/runtime.json`: how a command finds the system that runs in a state folder. */
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import * as z from "zod";
import { Terminal } from "../contract/errors.ts";
import type { Durability } from "../jetstream/server/config.ts";
import type { RuntimeFile } from "./doors.ts";
import { quoted } from "./team/paste.ts";

const login = z.object({ user: z.string(), password: z.string(), apiPrefix: z.string().optional() });
const runtimeFile = z.object({
  pid: z.int(),
  gateway: z.string().nullable().optional(),
  nats: z.object({
    url: z.string(),
    user: z.string(),
    password: z.string(),
    monitor: z.string().optional(),
    admin: login.optional(),
    readonly: login.optional(),
    people: login.optional(),
    master: login.optional(),
    gateway: login.optional(),
    durability: z.string().optional(),
    ca: z.string().optional(),
    caFile: z.string().optional(),
  }),
});

export function runtimePath(dir: string): string {
  return join(dir, "runtime.json");
}

/** Errors: Terminal `not-running`. The file may be left over from a kill: whoever connects learns that. */
export function readRuntime(dir: string, cwd: string): RuntimeFile {
  let text: string;
  try {
    text = readFileSync(runtimePath(dir), "utf8");
  } catch {
    throw notRunning(dir, cwd, "there is no runtime.json in it");
  }
  try {
    return runtimeFile.parse(JSON.parse(text)) as RuntimeFile;
  } catch {
    throw notRunning(dir, cwd, "its runtime.json cannot be read");
  }
}

/** What a connection must know of it: in what it makes streams, and whom it trusts. */
export function connectingTo({ durability, ca }: RuntimeFile["nats"]): { durability?: Durability; ca?: string } {
  const kept: { durability?: Durability } = durability === "memory" || durability === "replicated" ? { durability } : {};
  return ca === undefined ? kept : { ...kept, ca };
}

export function notRunning(dir: string, cwd: string, why: string): Terminal {
  const shown = relative(cwd, dir) || ".";
  return new Terminal({
    code: "not-running",
    message: `no Petrel runs in ${shown}: ${why}`,
    hint: shown === ".petrel" ? "petrel up" : `petrel up --dir ${quoted(shown.startsWith("..") ? dir : shown)}`,
  });
}
