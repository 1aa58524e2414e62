/** A gateway in a process of its own before a bench's broker, and a client of it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { request } from "undici";
import type { Bed } from "./bed.ts";

export interface Door {
  url: string;
  /** As the monitor's address takes it. */
  key: string;
  headers: Record<string, string>;
}

export async function openDoor(
  { server }: Bed,
  { monitor = "", scope = "petrel:operate" }: { monitor?: string; scope?: string } = {},
): Promise<Door & { stop(): void }> {
  const file = fileURLToPath(new URL("./gateway-child.mjs", import.meta.url));
  const args = [file, server.url, server.user, server.password, monitor, scope];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const [said] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const { url, secret } = JSON.parse(said) as { url: string; secret: string };
  const form = new URLSearchParams({ grant_type: "client_credentials", client_id: "bench", client_secret: secret });
  const answer = await request(`${url}/oauth2/token`, {
    method: "POST",
    body: form.toString(),
    headers: { "content-type": "application/x-www-form-urlencoded" },
  });
  const { access_token: token } = (await answer.body.json()) as { access_token: string };
  return { url, key: `bench.${secret}`, headers: { authorization: `Bearer ${token}` }, stop: () => child.stdin.end() };
}
