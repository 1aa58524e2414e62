import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { exitCodeOf } from "../../src/cli/failure.ts";
import { readableAge } from "../../src/cli/output.ts";
import type { Verb } from "../../src/cli/verb.ts";
import { verbsOf } from "../../src/cli/verbs/all.ts";
import { Cancelled, Refused, Retryable, Terminal } from "../../src/contract/errors.ts";
import { Stage } from "./stage.ts";

const verbs = await verbsOf();
let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.remove());

const wordsOf = (verb: Verb) => verb.command.split(" ").filter((word) => /^[a-z]/.test(word));

describe("help", () => {
  test.each(verbs.map((verb) => [wordsOf(verb).join(" "), verb] as const))(
    "petrel %s --help shows an example and the options of all verbs",
    async (_, verb) => {
      const help = await stage.run(...wordsOf(verb), "--help");
      expect(help.code).toBe(0);
      expect(help.err).toBe("");
      expect(help.out).toMatch(/\nExamples?:\n {2}\S/);
      for (const option of ["--dir", "--json", "--log-level"]) expect(help.out).toContain(option);
      expect(verb.examples.length).toBeGreaterThan(0);
    },
  );

  test.each(verbs.flatMap((verb) => verb.examples.map((example) => [example])))("the example %s is understood", async (example) => {
    // What the shell makes of a pipe or a redirection is not ours.
    const line = (example.split("|").at(-1) ?? "").replace(/ < \S+/g, "").trim();
    const argv = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? "").slice(1);
    // Only the words are tried: some verbs would start processes.
    stage.verbsOf = async () => verbs.map((verb) => ({ ...verb, run: async () => 0 }));
    expect(await stage.run(...argv)).toMatchObject({ code: 0, err: "" });
  });

  test("petrel alone, petrel --help and petrel --version", async () => {
    const bare = await stage.run();
    expect(bare.code).toBe(0);
    for (const name of ["put", "gate", "doctor", "Example"]) expect(bare.out).toContain(name);
    expect(await stage.run("--help")).toMatchObject({ code: 0, out: bare.out });
    expect(await stage.run("help")).toMatchObject({ code: 0, out: bare.out });
    expect(await stage.run("help", "net", "check")).toMatchObject({ code: 0, out: (await stage.run("net", "check", "--help")).out });
    expect(await stage.run("--version")).toMatchObject({ code: 0, out: "0.1.0\n" });
  });
});

describe("words that make no sense", () => {
  const wrong: [argv: string[], says: RegExp, next: RegExp][] = [
    [["putt", "net", "place"], /unknown command 'putt'.*put/, /petrel --help/],
    [["put", "hello"], /missing required argument 'place'/, /petrel put --help/],
    [["put", "hello", "inbox", "{}", "more"], /too many arguments/, /petrel put --help/],
    [["put", "hello", "inbox", "{}", "--tokn", "x"], /unknown option '--tokn'.*--token/, /petrel put --help/],
    [["put", "Hello", "inbox", "{}"], /"Hello" names no net/, /a name is a lower-case letter/],
    [["put", "hello", "in.box", "{}"], /"in\.box" names no place/, /a name is/],
    [["put", "hello", "inbox"], /no data was given/, /--file/],
    [["put", "hello", "inbox", "{title: 1}"], /the argument is no JSON/, /quote it for the shell/],
    [["put", "hello", "inbox", "{}", "--file", "x"], /given twice/, /leave one/],
    [["put", "hello", "inbox", "{}", "--token", "a b"], /no token id/, /A-Z/],
    [["tokens", "hello", "inbox", "--limit", "many"], /--limit takes a whole number/, /--limit 10/],
    [["events", "hello", "--type", "fird"], /no event has the type "fird"/, /did you mean "fired"/],
    [["query", "hello", "FROM $"], /where to look/, /--place/],
    [["gate"], /petrel gate needs one of: ls, approve, reject/, /petrel gate --help/],
    [["gate", "open", "hello"], /petrel gate has no open/, /petrel gate --help/],
    [["kill"], /nobody is there to be asked/, /petrel kill --yes/],
    [["kill", "builder"], /nobody is there to be asked/, /petrel kill builder --yes/],
    [["token", "move", "hello", "inbox", "t1"], /neither a place nor new data/, /--to PLACE/],
    [["places", "hello", "--log-level", "loud"], /loud/, /petrel places --help/],
  ];
  test.each(wrong)("petrel %j", async (argv, says, next) => {
    stage.running();
    const ended = await stage.run(...argv);
    expect(ended.code).toBe(2);
    expect(ended.out).toBe("");
    expect(ended.err).toMatch(says);
    expect(ended.err).toMatch(/next:/);
    expect(ended.err).toMatch(next);
  });

  test("with --json are one document too", async () => {
    const ended = await stage.run("put", "hello", "--json");
    expect(ended.json).toMatchObject({ ok: false, exitCode: 2, error: { code: "usage" } });
  });
});

describe("failures", () => {
  test("say what, where and what next, and end with 1", async () => {
    const ended = await stage.run("places", "hello");
    expect(ended).toMatchObject({ code: 1, out: "" });
    expect(ended.err).toBe("petrel: no Petrel runs in .petrel: there is no runtime.json in it\n  next:  petrel up\n");
    expect((await stage.run("places", "hello", "--dir", "other")).err).toContain("petrel up --dir other");
    expect((await stage.run("--dir", "other", "places", "hello")).err).toContain("petrel up --dir other");
  });

  test("of a state folder that is a file say so", async () => {
    stage.file("state", "");
    const ended = await stage.run("places", "hello", "--dir", "state");
    expect(ended.code).toBe(2);
    expect(ended.err).toMatch(/the state folder .*state is a file/);
  });

  test("map to the exit codes of the design", () => {
    const parts = { code: "some", message: "m" };
    expect([new Terminal(parts), new Retryable(parts), new Refused(parts), new Error("bug")].map(exitCodeOf)).toEqual([1, 1, 1, 1]);
    expect(exitCodeOf(new Cancelled(parts))).toBe(5);
    expect(
      ["usage", "run-failed", "waiting-for-human", "budget-exhausted"].map((code) => exitCodeOf(new Terminal({ code, message: "m" }))),
    ).toEqual([2, 3, 4, 6]);
    expect(exitCodeOf(new Terminal({ ...parts, exitCode: 3 }))).toBe(3);
  });

  test("of the unexpected kind are called a bug, with the stack at debug", async () => {
    stage.verbsOf = async () => [
      {
        command: "break",
        summary: "breaks",
        examples: ["petrel break"],
        run: () => {
          throw new RangeError("out of range");
        },
      },
    ];
    expect((await stage.run("break")).err).toMatch(/out of range\n.*bug/s);
    expect((await stage.run("break", "--log-level", "debug")).err).toMatch(/frame\.test\.ts/);
  });
});

test("no colour codes are printed into a pipe or with NO_COLOR", async () => {
  stage.running();
  await stage.serves("hello", { places: [{ place: "inbox", waiting: 1, reserved: 0 }] });
  expect((await stage.run("places", "hello")).out).not.toContain("\u001b");
});

test("ages are read in the two largest units", () => {
  expect([0, 999, 12_000, 192_000, 3_600_000, 90_000_000].map(readableAge)).toEqual(["0 s", "1 s", "12 s", "3 m 12 s", "1 h", "1 d 1 h"]);
});
