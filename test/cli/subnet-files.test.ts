/** Net files whose sub-nets stand in files of their own, as the command line reads them. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { checkNetDoor } from "../../src/cli/file-checks.ts";
import { readBeside } from "../../src/cli/read-file.ts";
import { testFolder } from "../support/nats-server.ts";

let dir = "";
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const inner = {
  net: "review",
  places: { inbox: { port: "in" }, out: { port: "out" } },
  transitions: { look: { kind: "pass", in: [{ place: "inbox" }], out: [{ to: "out" }] } },
};
const outer = {
  net: "shop",
  places: { orders: { open: true }, done: { sink: true } },
  subnets: { review: { file: "../parts/review.json" } },
  transitions: {
    ask: { kind: "link", in: [{ place: "orders" }], to: { subnet: "review", place: "inbox" } },
    collect: { kind: "pass", in: [{ place: "review--out" }], out: [{ to: "done" }] },
  },
};

function check(part: object | null) {
  dir = testFolder("subnets");
  for (const folder of ["nets", "parts"]) mkdirSync(join(dir, folder));
  if (part) writeFileSync(join(dir, "parts", "review.json"), JSON.stringify(part, null, 1));
  return checkNetDoor(JSON.stringify(outer), "nets/shop.json", readBeside(dir));
}

test("a sub-net is read by its path from the file that names it, and what runs holds it whole", () => {
  const checked = check(inner);
  expect(checked).toMatchObject({ ok: true, warnings: [] });
  if (!checked.ok) throw new Error("not sound");
  expect(checked.definition.subnets).toMatchObject({ review: { log: "parent", places: { inbox: { port: "in" } } } });
  expect(JSON.stringify(checked.definition)).not.toContain("review.json");
});

test("what is wrong in it is told with its own file and line", () => {
  const wrong = { ...inner, transitions: { look: { ...inner.transitions.look, out: [{ to: "nowhere" }] } } };
  const checked = check(wrong);
  expect(checked).toMatchObject({ ok: false, problems: [{ code: "unknown-place", file: "parts/review.json" }] });
});

test("a file that is not there is told where it is named", () => {
  expect(check(null)).toMatchObject({ ok: false, problems: [{ code: "no-such-file", file: "nets/shop.json", line: 1 }] });
});
