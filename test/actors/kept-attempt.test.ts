/** What an executor gives of an attempt goes into an event and into a person's worktree: whatever is no such work is told as lost. */
import { expect, test } from "vitest";
import { kept } from "../../src/actors/term/kept-attempt.ts";
import type { Json, JsonObject } from "../../src/contract/json.ts";

const WORK = { head: "a".repeat(40), loose: null, commits: 1, files: 0, bundle: "eA==" };
const REFERENCE = { $artifact: "b".repeat(64), sha256: "b".repeat(64), size: 1, type: "application/x-git-bundle", name: "kept.bundle" };
const of = (over: JsonObject) => kept({ ...WORK, ...over }, "hand-1");

test("work is taken as it is, and nothing besides it", () => {
  expect(kept(null, "hand-1")).toBeNull();
  expect(of({})).toEqual(WORK);
  expect(of({ loose: "c".repeat(40), bundle: REFERENCE, more: "x".repeat(2_000_000) })).toEqual({
    ...WORK,
    ...{ loose: "c".repeat(40), bundle: REFERENCE },
  });
  expect(of({ bundle: null })).toEqual({ lost: expect.stringMatching(/64 MiB/) });
});

test.each<[Json]>([
  ["text"],
  [[]],
  [{}],
  [{ bundle: "x", head: 5 }],
  [{ ...WORK, head: "main" }],
  [{ ...WORK, loose: "--upload-pack=x" }],
  [{ ...WORK, commits: -1 }],
  [{ ...WORK, files: "many" }],
  [{ ...WORK, bundle: { $artifact: 1 } }],
  [{ ...WORK, bundle: { ...REFERENCE, name: "x".repeat(2_000_000) } }],
])("what is none is lost: case %#", (output) => {
  expect(kept(output, "hand-1")).toEqual({ lost: "what hand-1 gave is no work that could be handed over" });
});
