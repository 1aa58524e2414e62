import { expect, test } from "vitest";
import type { Verb } from "../../src/cli/verb.ts";
import { verbsOf } from "../../src/cli/verbs/all.ts";
import { Stage } from "./stage.ts";

const verbs = await verbsOf();
const commands = (some: readonly Verb[]) => some.map(({ command }) => command);
const firstWord = ({ command }: Verb) => command.split(" ")[0] ?? "";

test.each([...new Set(verbs.map(firstWord))])("the verbs of %s are those that begin with it, in their order", async (word) => {
  expect(commands(await verbsOf(word))).toEqual(commands(verbs.filter((verb) => firstWord(verb) === word)));
});

test.each([undefined, "kil", "constructor"])("all are asked for where %s names none", async (word) => {
  expect(await verbsOf(word)).toEqual(verbs);
});

test.each([
  [["tokens", "shop"], "tokens"],
  [["--dir", "kill", "tokens"], "tokens"],
  [["--dir=kill", "--log-level", "error", "tokens"], "tokens"],
  [["--json", "tokens", "kill"], "tokens"],
  [["help", "tokens"], "tokens"],
])("of %j only the verbs of its own word are read", async (argv, word) => {
  const stage = new Stage();
  const asked: (string | undefined)[] = [];
  stage.verbsOf = async (first) => {
    asked.push(first);
    return verbsOf(first);
  };
  await stage.run(...argv);
  stage.remove();
  expect(asked).toEqual([word]);
});

test("the version is told without reading any", async () => {
  const stage = new Stage();
  stage.verbsOf = () => Promise.reject(new Error("read"));
  expect(await stage.run("--version")).toMatchObject({ code: 0, out: "0.1.0\n" });
  stage.remove();
});
