/** The simulation with one rule of the engine broken: bundled from the sources, of which one is changed on the way. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import type { Mutation } from "./mutations.ts";
import type { Plan, Run } from "./simulate.ts";

const ROOT = resolve(import.meta.dirname, "../..");

export type Simulate = (seed: number, plan?: Plan) => Promise<Run>;

/** Throws when the rule does not stand in its file, or not once: then `mutations.ts` is to follow the source. */
export function mutated(source: string, { rule, file, from, to }: Mutation): string {
  const found = source.split(from).length - 1;
  if (found !== 1) throw new Error(`"${rule}" stands ${found} times in ${file}; test/simulation/mutations.ts must follow the source`);
  return source.replace(from, () => to);
}

/** Null stands for the engine as it is. The folder lies in node_modules, where packages are found. */
export async function simulation(mutation: Mutation | null): Promise<{ simulate: Simulate; remove(): void }> {
  const plugin: Plugin = {
    name: "mutation",
    setup: ({ onLoad }) => {
      if (mutation === null) return;
      const path = join(ROOT, mutation.file);
      onLoad({ filter: new RegExp(`${mutation.file.replace(/[.]/g, "\\.")}$`) }, () => ({
        contents: mutated(readFileSync(path, "utf8"), mutation),
        loader: "ts",
      }));
    },
  };
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, "test/simulation/simulate.ts")],
    ...{ bundle: true, write: false, platform: "node", format: "esm", target: "node20", packages: "external", logLevel: "silent" },
    plugins: [plugin],
  });
  const dir = mkdtempSync(join(ROOT, "node_modules", ".petrel-simulation-"));
  const file = join(dir, "simulate.mjs");
  writeFileSync(file, outputFiles[0]?.contents ?? "");
  const module = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as { simulate: Simulate };
  return { simulate: module.simulate, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
