/** The gateway's clients that every local system has: their secrets stand in its state folder. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

const localFile = z.record(z.string(), z.string());

export function localClientsFile(dir: string): string {
  return join(dir, "gateway", "clients.json");
}

/** Secrets of the local clients by their id; empty where no gateway has run yet. */
export function localSecrets(dir: string): Record<string, string> {
  const file = localClientsFile(dir);
  if (!existsSync(file)) return {};
  return localFile.safeParse(JSON.parse(readFileSync(file, "utf8"))).data ?? {};
}

/** What a person pastes to log in: the client and its secret in one. */
export function keyOf(dir: string, id: string): string | null {
  const secret = localSecrets(dir)[id];
  return secret === undefined ? null : `${id}.${secret}`;
}
