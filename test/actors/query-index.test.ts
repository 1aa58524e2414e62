/** A query over a place with a declared index answers what it answers without one, tokens that came later too. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { type MasterKit, masterKit } from "../support/master-kit.ts";

const place = (index: string[]) => ({
  net: index.length > 0 ? "indexed" : "plain",
  places: { stock: { open: true, ...(index.length > 0 ? { index } : {}) }, never: { sink: true } },
  transitions: { pick: { kind: "pass", in: [{ place: "stock", where: '$.stage == "never"' }], out: [{ to: "never" }] } },
});
const QUERIES = [
  'FROM $ WHERE $.stage == "review" AND $.n % 2 == 1 ORDER BY $.n DESC LIMIT 3',
  'FROM $ WHERE "review" == $.stage',
  'FROM $ WHERE stage == "open" ORDER BY n',
  "FROM $ WHERE $.stage == null ORDER BY $.n",
  "FROM $ WHERE $.stage == 7",
  'FROM $ WHERE $.stage == "review" OR $.n == 2 ORDER BY $.n',
  'SELECT count(*) AS n FROM $ WHERE $.stage == "review"',
];
const STAGES = ["review", "open", null, 7, "review", undefined, "7"];

let kit: MasterKit;
beforeEach(async () => {
  kit = await masterKit();
  for (const index of [["$.stage"], []]) await kit.ask(null, "apply-net", { definition: place(index) });
});
afterEach(() => kit.stop());

async function answers(net: string): Promise<unknown[]> {
  const all = [];
  for (const query of QUERIES) {
    const { rows, total } = (await kit.ask(net, "query", { query, places: ["stock"] })) as { rows: { value?: unknown }[]; total: number };
    all.push({ query, total, rows: rows.map((row) => row.value ?? row) });
  }
  return all;
}
async function fill(from: number): Promise<void> {
  for (const [at, stage] of STAGES.entries()) {
    for (const net of ["indexed", "plain"]) await kit.put(net, "stock", { n: from + at, ...(stage === undefined ? {} : { stage }) });
  }
}

test("with and without", async () => {
  await fill(0);
  const first = await answers("indexed");
  expect(first).toEqual(await answers("plain"));
  expect(first[0]).toMatchObject({ total: 0 });
  await fill(7);
  const second = await answers("indexed");
  expect(second).toEqual(await answers("plain"));
  expect(second[0]).toMatchObject({ total: 2, rows: [{ n: 11 }, { n: 7 }] });
});
