/** Names of branches and commits as they come from outside: they become arguments of git, so they are checked here. */
import * as z from "zod";

export const SHA_PATTERN = /^[0-9a-f]{40}([0-9a-f]{24})?$/;
/** git-check-ref-format(1), and no leading dash. */
const BRANCH_PATTERN = /^(?![-/.])(?!.*(\.\.|\/\/|@\{|\/\.|\.lock(\/|$)))[A-Za-z0-9._/@+#=-]{1,200}(?<![./])$/;

export const branchName = z.string().regex(BRANCH_PATTERN, "not a name that git takes for a branch");
export const commitSha = z.string().regex(SHA_PATTERN, "not a full commit hash");
/** A path or an address, never an option. */
export const repoAddress = z.string().regex(/^[^-\0][^\0]*$/, "a repository is a path or an address");
export const isoDate = z.string().refine((text) => !Number.isNaN(Date.parse(text)), "not an ISO date");
