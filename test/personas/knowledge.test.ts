import { describe, expect, test } from "vitest";
import { sha256 } from "../../src/contract/hash.ts";
import { fitted, part, sum } from "../../src/personas/context-parts.ts";
import { isBig, passagesOf, searchKnowledge } from "../../src/personas/knowledge.ts";
import { prepareTurns } from "../../src/personas/turn-prepare.ts";
import { personaRun, runPersona, turnInput } from "../support/persona-run.ts";

const chapter = (n: number) => `## Chapter ${n}\n${`Plain words about topic${n}. `.repeat(40)}`;
const big = {
  file: "knowledge/big.md",
  text: `# Handbook\n${Array.from({ length: 30 }, (_, n) => chapter(n)).join("\n\n")}\n\n## Refunds\nA refund over 500 euros needs two signatures.\n`,
};
const small = { file: "knowledge/small.md", text: "Write short sentences." };
const system = (input: Parameters<typeof turnInput>[0]) => prepareTurns(turnInput(input)).prompt.system;

describe("knowledge", () => {
  test("a small file stands in the prompt, a big one is looked up with the tool", () => {
    expect([isBig(big), isBig(small)]).toEqual([true, false]);
    const text = system({ knowledge: [small, big], persona: { tools: ["knowledge.search"] } });
    expect(text).toContain("Write short sentences.");
    expect(text).toContain("- Refunds");
    expect(text).toContain("knowledge.search");
    expect(text).not.toContain("two signatures");
    expect(text.length).toBeLessThan(6000);
  });

  test("the tool finds the passage, with file, hash and lines", () => {
    const [best] = searchKnowledge([small, big], "who signs a refund?", 3);
    expect(best).toMatchObject({
      file: big.file,
      sha256: sha256(big.text),
      heading: "Refunds",
      text: expect.stringContaining("two signatures"),
    });
    const [from, to] = best?.lines ?? [0, 0];
    expect(
      big.text
        .split("\n")
        .slice(from - 1, to)
        .join("\n"),
    ).toContain("two signatures");
    expect(searchKnowledge([big], "zebra", 3)).toEqual([]);
  });

  test("who has no such tool is given the passages that fit the task", () => {
    const text = system({ shape: "llm", knowledge: [big], ask: "Decide about this refund of 700 euros." });
    expect(text).toContain("two signatures");
    expect(text.length).toBeLessThan(14_000);
  });

  test("passages are whole, in order, and none is long", () => {
    const passages = passagesOf(big);
    expect(passages.every(({ text }) => text.length <= 1300)).toBe(true);
    expect(passages.every(({ lines }, at) => at === 0 || lines[0] > (passages[at - 1]?.lines[0] ?? 0))).toBe(true);
    expect(
      passagesOf({ file: "a", text: "x".repeat(5000) })
        .map(({ text }) => text)
        .join(""),
    ).toBe("x".repeat(5000));
  });
});

describe("what would not fit is trimmed by declared priority", () => {
  const parts = () => [
    part("persona", "system", "p".repeat(400)),
    part("knowledge/a.md", "system", "a".repeat(4000)),
    part("knowledge/b.md", "system", "b".repeat(4000)),
    part("ask", "user", "q".repeat(400)),
    part("lessons", "user", "l".repeat(4000)),
    part("data.diff", "user", "d".repeat(4000), "d".repeat(4000)),
  ];
  const trimmedOf = (tokens: number, keep: string[] = []) =>
    fitted(parts(), { persona: "p", context: { tokens, keep } }).flatMap(({ name, trimmed }) => (trimmed ? [`${name} ${trimmed}`] : []));

  test("lessons first, then knowledge from the last file, then data, which is cut", () => {
    expect(trimmedOf(4300)).toEqual([]);
    expect(trimmedOf(4000)).toEqual(["lessons left out"]);
    expect(trimmedOf(2500)).toEqual(["knowledge/b.md left out", "lessons left out"]);
    expect(trimmedOf(1000)).toEqual(["knowledge/a.md left out", "knowledge/b.md left out", "lessons left out", "data.diff cut"]);
  });
  test("`keep` turns the order", () => {
    expect(trimmedOf(4000, ["lessons"])).toEqual(["knowledge/b.md left out"]);
    expect(trimmedOf(2500, ["lessons", "knowledge/b.md"])).toEqual(["knowledge/a.md left out", "data.diff cut"]);
  });
  test("whatever is trimmed, it fits; what may not be trimmed and does not fit is an error before anything is asked", async () => {
    for (let tokens = 400; tokens < 4500; tokens += 150)
      expect(sum(fitted(parts(), { persona: "p", context: { tokens, keep: [] } }))).toBeLessThanOrEqual(tokens);
    const run = personaRun([]);
    await expect(runPersona(run, { ask: "x".repeat(20_000), persona: { context: { tokens: 1000 } } })).rejects.toMatchObject({
      code: "request-too-long",
    });
    expect(run.asked).toEqual([]);
  });
});
