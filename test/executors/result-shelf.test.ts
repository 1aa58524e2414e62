/** What an executor keeps on its disk is whole or absent (S1), and what is cut keeps no start from the rest (S2). */
import { execFileSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { buildSync } from "esbuild";
import { expect, it } from "vitest";
import { silentLogger } from "../../src/contract/logger.ts";
import { openShelves } from "../../src/executors/result-shelf.ts";
import { testFolder } from "../support/nats-server.ts";
import { goodValue, startBench } from "./bench.ts";

it("a result for which there is only some room is an error, and no file", () => {
  const dir = testFolder("some-room");
  const put = `
    import { openShelves } from ${JSON.stringify(resolve("src/executors/result-shelf.ts"))};
    const put = (firing, text) => {
      try {
        openShelves(process.argv[2]).results.put({ net: "team", firing, attempt: 1, outcome: text });
        return "kept";
      } catch (error) {
        return error.code;
      }
    };
    console.log(JSON.stringify([put("small", ""), put("large", "x".repeat(100_000))]));`;
  const outfile = join(dir, "put.mjs");
  const stdin = { contents: put, resolveDir: dir };
  buildSync({ stdin, outfile, bundle: true, platform: "node", format: "esm" });
  // No file may be larger than some blocks: the write that reaches that gets as far as it can, as on a disk that fills up.
  const said = execFileSync("sh", ["-c", 'ulimit -f 16; exec "$@"', "sh", process.execPath, outfile, dir], { encoding: "utf8" });
  expect(JSON.parse(said)).toEqual(["kept", "EFBIG"]);
  expect(readdirSync(join(dir, "results")).filter((name) => name.endsWith(".json"))).toEqual(["team.small.1.json"]);
});

it("a file that was cut is put aside and told once, and the others are there", () => {
  const dir = testFolder("cut-file");
  const told: string[] = [];
  const { claims } = openShelves(dir, (aside, error) => void told.push(`${aside} ${(error as Error).name}`));
  const claim = (firing: string) => ({ net: "team", firing, attempt: 1 });
  for (const firing of ["f1", "f3"]) claims.put(claim(firing));
  writeFileSync(join(dir, "claims", "team.f2.1.json"), '{"net":"team","fir');
  expect(claims.all()).toEqual([claim("f1"), claim("f3")]);
  expect(told).toEqual([`${join(dir, "claims", "team.f2.1.json.unreadable")} SyntaxError`]);
  expect(claims.has(claim("f2")), "it may be written anew").toBe(false);
  expect(claims.all()).toHaveLength(2);
  expect(told).toHaveLength(1);
});

it("an executor starts beside a cut result, and says where it lies", async () => {
  const said: unknown[] = [];
  const bench = await startBench({}, { ...silentLogger, error: (...words: unknown[]) => void said.push(words) });
  try {
    await bench.executor().stop();
    writeFileSync(join(bench.dir, "results", "team.f9.1.json"), '{"net":"team"');
    await bench.restart();
    const file = join(bench.dir, "results", "team.f9.1.json.unreadable");
    expect(said).toEqual([[expect.objectContaining({ file }), expect.stringContaining("was put aside")]]);
    goodValue(await bench.run("shell.run", { argv: ["true"] }));
  } finally {
    await bench.end();
  }
});
