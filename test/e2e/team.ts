/** The shipped team on a running system, put there by the command line as a user does it. */
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Desk, ROOT, type Running } from "../support/petrel-process.ts";
import { git } from "./git-proof.ts";

export const NET = "safe-teams";
/** The demo's own words: the recorded answers belong to them. */
export const REQUEST = {
  title: "Let people search notes by word, and limit how many come back",
  text: "The list of notes has grown long. People want to find notes by a word in title or text, and a client wants to ask for at most so many notes.",
};

/** `petrel up` with recorded answers, ready. */
export async function up(desk: Desk, ...more: string[]): Promise<Running> {
  const running = desk.start(["up", "--json", "--models", "recorded", ...more]);
  await running.says(/\{"ready":true.*\n/);
  return running;
}

/** Personas and net, applied one by one. */
export async function applyTeam(desk: Desk): Promise<void> {
  const file = join(ROOT, "nets", `${NET}.json`);
  const { transitions } = JSON.parse(readFileSync(file, "utf8")) as { transitions: Record<string, { persona?: string }> };
  for (const name of new Set(Object.values(transitions).flatMap(({ persona }) => persona ?? [])))
    await desk.json(["persona", "apply", join(ROOT, "personas", `${name}.json`)]);
  await desk.json(["net", "apply", file]);
}

/** A bare repository with the sample project, and the settings that name it. */
export async function putSettings(desk: Desk): Promise<string> {
  const seed = desk.path("seed");
  const origin = desk.path("origin.git");
  cpSync(join(ROOT, "examples", "sample-project"), seed, { recursive: true });
  git(desk.cwd, "init", "--quiet", "--bare", "--initial-branch=main", "origin.git");
  git(origin, "config", "core.logAllRefUpdates", "true");
  git(desk.cwd, "init", "--quiet", "--initial-branch=main", "seed");
  git(seed, "add", "-A");
  git(seed, "-c", "user.name=Sample", "-c", "user.email=sample@petrel.invalid", "commit", "--quiet", "-m", "A service that keeps notes");
  git(seed, "push", "--quiet", origin, "main");
  const files = git(origin, "ls-tree", "-r", "--name-only", "main");
  const overview = `Files:\n${files}\n\n${git(origin, "show", "main:README.md")}`.trim();
  await desk.json([
    "put",
    NET,
    "settings",
    JSON.stringify({ repo: origin, base: "main", target: "main", test: null, install: null, overview }),
  ]);
  return origin;
}
