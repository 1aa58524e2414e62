/** A found program and its examples as files of a project. */

import type { Branch } from "./branch.ts";
import { parameterNames } from "./enumerate.ts";
import { callText, type Wanted } from "./examples.ts";
import { codeOf } from "./expr.ts";

/** `slugOf` lies in `slug-of`. */
export function fileName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export function moduleText(wanted: Wanted, branches: readonly Branch[]): string {
  const lines = branches.map(({ when, give }) => {
    const result = `return ${bare(codeOf(give))};`;
    return when ? `  if (${bare(codeOf(when))}) ${result}` : `  ${result}`;
  });
  const about = wanted.about === "" ? [] : [`/** ${wanted.about.replaceAll("*/", "* /").replace(/\s+/g, " ").trim()} */`];
  return [...about, `export function ${wanted.name}(${parameterNames(wanted).join(", ")}) {`, ...lines, "}", ""].join("\n");
}

/** One test for each example, named after it. */
export function testText(wanted: Wanted, extension: string): string {
  const tests = wanted.examples.map(({ args, out }) => {
    const call = callText(wanted.name, args);
    return `test(${JSON.stringify(testName(wanted.name, args, out))}, () => {\n  assert.deepEqual(${call}, ${JSON.stringify(out)});\n});\n`;
  });
  const head = `import assert from "node:assert/strict";\nimport test from "node:test";\nimport { ${wanted.name} } from "../src/${fileName(wanted.name)}.${extension}";\n`;
  return [head, ...tests].join("\n");
}

export function testName(name: string, args: Wanted["examples"][number]["args"], out: Wanted["examples"][number]["out"]): string {
  return `${callText(name, args)} gives ${JSON.stringify(out)}`;
}

/** Without the parentheses around the whole. */
function bare(code: string): string {
  if (!code.startsWith("(") || !code.endsWith(")")) return code;
  let depth = 0;
  for (const [at, letter] of [...code].entries()) {
    if (letter === "(") depth++;
    if (letter === ")") depth--;
    if (depth === 0 && at < code.length - 1) return code;
  }
  return code.slice(1, -1);
}
