/** The examples of docs/arcql.md, run as they stand there. */
import { expect, test } from "vitest";
import { PetrelError } from "../../src/contract/errors.ts";
import type { Json } from "../../src/contract/json.ts";
import { answerOf, type Candidate, compileQuery } from "../../src/net/arcql.ts";
import { fencesOf } from "./pages.ts";

const fences = fencesOf("docs/arcql.md");
const places = new Map(
  fences.flatMap(({ kind, text }) => {
    const place = /^json tokens (\S+)$/.exec(kind)?.[1];
    return place === undefined ? [] : [[place, JSON.parse(text) as Json[]] as const];
  }),
);

function candidates(names: readonly string[]): Candidate[] {
  return names.flatMap((place) =>
    (places.get(place) ?? []).map((data, n) => ({
      place,
      token: {
        id: `${place}-${n}`,
        data,
        from: { outside: "ada" },
        by: "ada",
        at: "2026-03-01T12:00:00.000Z",
        correlation: "c",
        v: 1 as const,
      },
    })),
  );
}

const examples = fences.flatMap((fence, at) => (fence.kind.startsWith("arcql") ? [{ fence, result: fences[at + 1] }] : []));

test("there are examples, and places that they ask", () => {
  expect(examples.length).toBeGreaterThan(5);
  expect(places.size).toBe(2);
});

test.each(examples.map((example) => [example.fence.text.trim(), example] as const))("%s", (text, { fence, result }) => {
  expect(result?.kind).toBe("json result");
  const wanted = JSON.parse(result?.text ?? "") as Json;
  if (fence.kind === "arcql error") {
    try {
      compileQuery(text);
    } catch (error) {
      expect(error).toBeInstanceOf(PetrelError);
      return expect((error as Error).message.split("\n")).toEqual(wanted);
    }
    throw new Error("it was taken");
  }
  const query = compileQuery(text);
  expect(query.from?.every((place) => places.has(place))).toBe(true);
  const { rows } = answerOf(query, candidates(query.from ?? []), Date.parse("2026-03-01T12:00:00Z"), 100);
  expect(rows.map((row) => (query.groups ? row : row.value))).toEqual(wanted);
});
