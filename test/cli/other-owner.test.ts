/** A folder of another user of the machine, as git sees it: its own words for that name neither who nor what to do. */
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { userGit } from "../../src/cli/team/git.ts";
import { testFolder } from "../support/nats-server.ts";

test("git's refusal of a folder of somebody else is told with the way on", async () => {
  const folder = testFolder("other-owner");
  execFileSync("git", ["init", "-q", folder]);
  expect(await userGit(process.env)(folder, ["rev-parse", "--is-inside-work-tree"])).toBe("true");
  // What git's own tests set: every folder counts as somebody else's.
  const asAnother = userGit({ ...process.env, GIT_TEST_ASSUME_DIFFERENT_OWNER: "1", GIT_CONFIG_GLOBAL: "/dev/null" });
  await expect(asAnother(folder, ["status"])).rejects.toMatchObject({
    code: "not-yours",
    message: `${folder} belongs to another user of this machine, and git works in no folder of others`,
    hint: expect.stringContaining(`git config --global --add safe.directory ${folder}`),
  });
});
