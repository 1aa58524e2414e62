/** What is kept of a session of Claude Code is what lies in its own folder. `claude` is a script here, which does what a command in the sandbox can. */
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { sealFor } from "../../src/contract/sealed.ts";
import { makeGitRepo } from "../support/git-repo.ts";
import { testFolder } from "../support/nats-server.ts";
import { type ExecutorBench, goodValue, startBench } from "./bench.ts";
import { YES } from "./memory-owner.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Runs a `claude` that says it is session `s1` after `script` has run, in the folder where it keeps its sessions. Gives the folder of what is kept. */
async function kept(script: string): Promise<string> {
  const programs = testFolder("programs");
  const said = JSON.stringify({
    type: "result",
    subtype: "success",
    is_error: false,
    result: "Done.",
    session_id: "s1",
    permission_denials: [],
  });
  const folder = '"$CLAUDE_CONFIG_DIR/projects/$(pwd | sed s/[^A-Za-z0-9]/-/g)"';
  writeFileSync(join(programs, "claude"), `#!/bin/sh\nmkdir -p ${folder}\ncd ${folder}\n${script}\necho '${said}'\n`);
  chmodSync(join(programs, "claude"), 0o755);
  const repo = makeGitRepo({ "a.txt": "a\n" });
  ends.push(() => repo.remove());
  const bench: ExecutorBench = await startBench({ environment: { ...process.env, PATH: `${programs}:${process.env.PATH}` } });
  ends.push(() => bench.end());
  bench.owner.onClaim = ({ verb, key }) =>
    verb === "claim"
      ? { ok: true, leaseMs: 30_000, timeLeftMs: 600_000, secrets: { ANTHROPIC_API_KEY: sealFor(key ?? "", "ANTHROPIC_API_KEY", "a-key") } }
      : YES;
  const input = { repo: repo.origin, branch: "petrel/t1", author: "developer <developer@petrel>", ask: "Do it." };
  expect(goodValue(await bench.run("code.claude", input))).toMatchObject({ said: "Done.", session: "s1" });
  return join(bench.dir, "claude-sessions");
}

test("a session is kept by its id", async () => {
  const folder = await kept("echo mine >s1.jsonl");
  expect(readFileSync(join(folder, "s1.jsonl"), "utf8")).toBe("mine\n");
});

test("a link in its place, or in that of its folder, has nothing of the machine kept, for a later run to read", async () => {
  const elsewhere = testFolder("elsewhere");
  writeFileSync(join(elsewhere, "s1.jsonl"), "hush");
  for (const script of [`ln -s ${elsewhere}/s1.jsonl s1.jsonl`, `d=$PWD; cd ..; rmdir "$d"; ln -s ${elsewhere} "$d"`]) {
    const folder = await kept(script);
    expect([script, existsSync(folder) ? readdirSync(folder) : []]).toEqual([script, []]);
  }
});
