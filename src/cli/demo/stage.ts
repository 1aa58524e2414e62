/** The demo's stage: an empty folder of its own with a bare repository that holds the sample project. */
import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Terminal } from "../../contract/errors.ts";
import { makeFolder } from "../make-folder.ts";
import { gitIn } from "../team/git.ts";

const MARK = ".petrel-demo";
const AUTHOR = {
  GIT_AUTHOR_NAME: "Sample author",
  GIT_AUTHOR_EMAIL: "sample@petrel.invalid",
  GIT_COMMITTER_NAME: "Sample author",
  GIT_COMMITTER_EMAIL: "sample@petrel.invalid",
};
/** A fixed date, so that the sample's first commit is the same one everywhere. */
const DATE = "2026-01-05T09:00:00Z";

export interface Stage {
  dir: string;
  /** Path of the bare repository. */
  origin: string;
}

/** Empties the demo's folder and makes the origin anew. Refuses a folder that is not the demo's own. */
export async function setStage(dir: string, sample: string, env: Record<string, string | undefined>): Promise<Stage> {
  if (existsSync(dir) && readdirSync(dir).length > 0 && !existsSync(join(dir, MARK))) {
    throw new Terminal({
      code: "not-a-demo-folder",
      message: `${dir} holds something that is not the demo's`,
      hint: "name an empty folder with --dir",
      where: dir,
    });
  }
  rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  makeFolder(dir);
  writeFileSync(join(dir, MARK), "The demo empties this folder at its next start.\n");
  const origin = join(dir, "origin.git");
  const seed = join(dir, "seed");
  cpSync(sample, seed, { recursive: true, filter: (path) => !path.endsWith("node_modules") });
  const git = gitIn({ ...env, ...AUTHOR, GIT_AUTHOR_DATE: DATE, GIT_COMMITTER_DATE: DATE });
  await git(dir, ["init", "--bare", "--initial-branch=main", "origin.git"]);
  // The proof reads the reflog, which a bare repository keeps only when told to.
  await git(origin, ["config", "core.logAllRefUpdates", "true"]);
  await git(seed, ["init", "--initial-branch=main"]);
  await git(seed, ["add", "-A"]);
  await git(seed, ["commit", "-m", "A service that keeps notes"]);
  await git(seed, ["push", origin, "main"]);
  rmSync(seed, { recursive: true, force: true });
  return { dir, origin };
}
