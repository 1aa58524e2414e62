/** `--pool` as people write it: one by one, or as `--labels` with commas; `--hands`, and what is none. */
import { expect, test } from "vitest";
import { handsOf, poolsOf } from "../../src/cli/verbs/executor-enroll.ts";

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

test.each<[string | undefined, string[] | null]>([
  [undefined, null],
  ["shell.run", ["shell.run"]],
  ["code.verify, shell.run,code.verify", ["code.verify", "shell.run"]],
  ["hello.greet,hello.run", ["hello.greet", "hello.run"]],
])("--hands %j", (given, hands) => {
  expect(handsOf(given)).toEqual(hands);
});

test.each([
  ["shell", "shell"],
  ["shell.runs", "shell.runs"],
  ["shel.run", "shel.run"],
  ["shell.run,code.verfy", "code.verfy"],
  ["code.anything", "code.anything"],
  ["", ""],
])("--hands %j: %j is no hand, and those that are one are named", (given, bad) => {
  expect(() => handsOf(given)).toThrow(
    expect.objectContaining({
      ...{ code: "usage", exitCode: 2, message: `there is no hand "${bad}"` },
      hint: expect.stringMatching(/shell\.run, code\.session, .*logs\.read/),
    }),
  );
});
