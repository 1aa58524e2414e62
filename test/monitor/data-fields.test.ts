/** What a form asks for: by the schema of the place, and by what stands there. */
import { expect, test } from "vitest";
import { fieldsOf } from "../../src/monitor/parts/data-fields.ts";

const schema = {
  type: "object",
  required: ["title", "amount"],
  properties: {
    title: { type: "string", minLength: 3, description: "what it is for" },
    amount: { type: "integer", minimum: 1, maximum: 100 },
    share: { type: "number" },
    urgent: { type: "boolean" },
    level: { enum: [1, 2, null] },
    due: { type: "string", format: "date" },
    tags: { type: "array", items: { type: "string" } },
    rows: { type: "array", items: { type: "object" } },
    address: { type: "object", properties: { city: { type: "string" } } },
  },
};
const byName = (data: Parameters<typeof fieldsOf>[0], given: Parameters<typeof fieldsOf>[1] = schema) =>
  new Map(fieldsOf(data, given).map((field) => [field.name, field]));

test("each has the kind and the limits of its schema, also where nothing stands there yet", () => {
  const fields = byName({ title: "Paper", amount: 5 });
  const kinds = [...fields.values()].map(({ name, kind }) => `${name} ${kind}`);
  expect(kinds).toEqual([
    ...["title text", "amount number", "share number", "urgent boolean", "level choice", "due text", "tags lines", "rows json"],
    "address object",
  ]);
  expect(fields.get("title")).toMatchObject({ required: true, limits: { minLength: 3 }, description: "what it is for" });
  expect(fields.get("amount")?.limits).toEqual({ min: 1, max: 100, step: 1 });
  expect(fields.get("share")).toMatchObject({ required: false, limits: { step: "any" } });
  expect(fields.get("level")?.options).toEqual([1, 2, null]);
  expect(fields.get("due")?.limits).toEqual({ type: "date" });
});

test("what stands there and does not fit its schema can be seen and mended", () => {
  const fields = byName({ title: 5, amount: "many", due: "next week", tags: ["a\nb"], urgent: null });
  expect(fields.get("title")?.kind).toBe("json");
  expect(fields.get("amount")?.kind).toBe("json");
  expect(fields.get("due")).toMatchObject({ kind: "text", limits: {} });
  expect(fields.get("tags")?.kind).toBe("json");
  expect(fields.get("urgent")?.kind).toBe("json");
});

test("without a schema the data says it", () => {
  const fields = byName({ text: "x".repeat(100), n: 1, yes: false, list: ["a"], deep: { a: 1 }, none: null, empty: {} }, {});
  expect([...fields.values()].every(({ required }) => required)).toBe(true);
  expect([...fields.values()].map(({ kind }) => kind)).toEqual(["long", "number", "boolean", "lines", "object", "json", "json"]);
});
