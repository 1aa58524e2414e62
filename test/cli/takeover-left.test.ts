/** What `takeover --stop` says of the work of the step that it ended. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bringLeft, leftWords } from "../../src/cli/takeover/left.ts";
import { gitIn } from "../../src/cli/team/git.ts";

const words = (left: Parameters<typeof leftWords>[0]) => leftWords(left, (command) => command).join("\n");

test("it is counted, or what is lost is said, with what fetches it", () => {
  expect(words(null)).toBe("");
  expect(words({ commits: 1, files: 0, artifact: "a" })).toContain("left:     by the step that was ended: 1 commit; git log");
  expect(words({ commits: 2, files: 1, artifact: "a" })).toContain(": 2 commits and 1 changed file that is not committed;");
  expect(words({ lost: "hand-1 is not there", artifact: null })).toMatch(/lost: .* not handed on: hand-1 is not there$/);
  expect(words({ lost: "git fetch failed", artifact: "a1" })).toMatch(
    /git fetch failed; petrel artifact get a1 --out left\.bundle fetches it$/,
  );
});

test("what cannot be brought into the worktree is told, since the task is held already", async () => {
  const folder = mkdtempSync(join(tmpdir(), "petrel-left-"));
  try {
    const git = gitIn(process.env);
    await git(folder, ["init", "-q"]);
    const left = { head: "a".repeat(40), loose: null, commits: 1, files: 0, bundle: { $artifact: "a1" } };
    const store = (bytes: Uint8Array | null) => ({ artifacts: { get: async () => bytes } }) as unknown as Parameters<typeof bringLeft>[0];
    const about = { folder, branch: "task/one" };
    expect(await bringLeft(store(null), git, about, { left })).toEqual({ lost: "the artefact a1 is gone", artifact: null });
    expect(await bringLeft(store(Buffer.from("no bundle")), git, about, { left })).toMatchObject({
      lost: expect.stringMatching(/^git fetch failed/),
      artifact: "a1",
    });
    expect(await bringLeft(store(null), git, about, {})).toBeNull();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
