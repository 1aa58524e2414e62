/** `--pool` as people write it: one by one, or as `--labels` with commas; `--hands`, and what is none; what credentials let in. */
import { describe, expect, test } from "vitest";
import { boundBy, boundText } from "../../src/cli/enrolled-name.ts";
import { mustBeEnrolled } from "../../src/cli/verbs/executor.ts";
import { handsOf, hereText, poolsOf } from "../../src/cli/verbs/executor-enroll.ts";
import { PetrelError } from "../../src/contract/errors.ts";

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

test("an enrolment binds who is started by its name, and says so; one that was revoked does not", () => {
  const bound = boundBy({ pools: ["build"], labels: ["git"], hands: ["shell.run"] });
  expect(bound).toEqual({ pools: ["build"], labels: ["git"], hands: ["shell.run"] });
  expect(bound && boundText("builder", bound)).toMatch(
    /^builder was enrolled, .*: pools build; labels git; hands shell\.run\. .*petrel executor enroll builder --force/,
  );
  expect(boundBy({ pools: [], labels: [], revoked: "2026-01-01T00:00:00Z" })).toBeNull();
  expect(boundBy(null)).toBeNull();
});

test.each([
  ["nats://127.0.0.1:4222", true],
  ["tls://localhost:4222", true],
  ["nats://127.0.0.1:4222,nats://127.0.0.1:4223", true],
  ["tls://broker.example.com:4222", false],
  ["nats://127.0.0.1:4222,nats://10.0.0.7:4222", false],
])("credentials with %s: that they serve this machine alone is said: %s", (url, said) => {
  const text = hereText("builder", url);
  expect(text !== "").toBe(said);
  if (said) expect(text).toContain("petrel executor enroll builder --url tls://HOST:PORT --force");
});

describe("what credentials do not let in is refused, and not left out without a word", () => {
  const creds = { name: "builder", pools: ["code", "build"], labels: ["git"] };

  test.each<[string[], string[]]>([
    [["code", "build"], ["git"]],
    [["build"], ["git"]],
    [["code"], []],
  ])("%j with %j are", (pools, labels) => {
    expect(() => mustBeEnrolled(creds, { pools, labels })).not.toThrow();
    expect(() => mustBeEnrolled({ ...creds, pools: null }, { pools: ["any"], labels })).not.toThrow();
  });

  test.each<[string[], string[], RegExp, string]>([
    [
      ["special"],
      ["git"],
      /builder was not enrolled for the pool special; it was enrolled for code, build/,
      "--pool code,build,special --labels git",
    ],
    [["code"], ["gpu", "node20"], /not enrolled for the labels gpu and node20; .* for git/, "--pool code,build --labels git,gpu,node20"],
  ])("%j with %j are not", (pools, labels, said, flags) => {
    const refused = thrownBy(() => mustBeEnrolled(creds, { pools, labels }));
    expect(refused.message).toMatch(said);
    expect(refused.hint).toContain(`petrel executor enroll builder ${flags} --force`);
  });
});

function thrownBy(work: () => void): PetrelError {
  try {
    work();
  } catch (error) {
    if (error instanceof PetrelError) return error;
  }
  throw new Error("it was not refused");
}
