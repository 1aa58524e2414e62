/** Starts somebody outside who puts tokens when told to: a process of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Bed } from "./bed.ts";

/** What is put: the payload of W5, or items of 300 bytes, each with a title of its own. */
export type Payloads = "w5" | "items";

export async function startProducer({ server }: Bed, net: string, place: string, count: number, payloads: Payloads = "w5") {
  const file = fileURLToPath(new URL("./producer.mjs", import.meta.url));
  const args = [file, server.url, server.user, server.password, net, place, String(count), payloads];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit");
  await once(child.stdout, "data");
  child.stdout.resume();
  return { go: () => child.stdin.write("go\n"), ended };
}
