/** `--pool` as people write it: one by one, or as `--labels` with commas. */
import { expect, test } from "vitest";
import { poolsOf } from "../../src/cli/verbs/executor-enroll.ts";

test.each<[string[], string[]]>([
  [[], ["code"]],
  [["build"], ["build"]],
  [
    ["code", "build"],
    ["code", "build"],
  ],
  [["code,build"], ["code", "build"]],
  [
    ["code, build", "code"],
    ["code", "build"],
  ],
])("%j", (given, pools) => {
  expect(poolsOf(given, ["code"])).toEqual(pools);
});

test.each(["Code", "code,", "code;build"])("%s names no pool", (word) => {
  expect(() => poolsOf([word], ["code"])).toThrow(/is no name of a pool/);
});
