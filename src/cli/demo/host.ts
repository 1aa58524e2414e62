/** The machine on which the demo's service runs: a process of its own that knows nothing of Petrel. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { Terminal } from "../../contract/errors.ts";

export interface ServiceHost {
  /** Where it takes deploys. */
  url: string;
  service: string;
  /** Folder with one log for each commit. */
  logs: string;
  /** Webhook for messages to a person. */
  letters: string;
  stop(): Promise<void>;
}

export interface Letter {
  text?: string;
  key: string | null;
}

/** Throws Terminal `host-not-started` with what it said. */
export async function startHost(script: string, repo: string, dir: string, path: string | undefined): Promise<ServiceHost> {
  const child = spawn(process.execPath, [script, "--repo", repo, "--dir", dir], {
    env: { PATH: path ?? "/usr/bin:/bin" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const said = await firstLine(child);
  const { url, service, letters } = JSON.parse(said) as { url: string; service: string; letters: string };
  return { url, service, letters, logs: dir, stop: () => ended(child) };
}

function firstLine(child: ChildProcess): Promise<string> {
  let words = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    words = `${words}${chunk.toString()}`.slice(-1000);
  });
  return new Promise((resolve, reject) => {
    const fail = () =>
      reject(new Terminal({ code: "host-not-started", message: `the demo's service could not be started: ${words.trim()}` }));
    child.once("error", fail);
    child.once("exit", fail);
    if (child.stdout) createInterface({ input: child.stdout }).once("line", resolve);
  });
}

/** It ends with its standard input, so it ends with us whatever happens. */
function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.stdin?.end();
  });
}
