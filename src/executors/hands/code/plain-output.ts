/** Output without what differs from run to run: colours, durations, times, ports, folders, versions, stacks. */

import { pathToFileURL } from "node:url";
import { stripVTControlCharacters } from "node:util";

/** `roots`: folders that are left out of paths, real and as given. */
export function plainOutput(text: string, roots: readonly string[]): string {
  let plain = stripVTControlCharacters(text).replaceAll("\r\n", "\n");
  for (const root of [...roots].sort((one, other) => other.length - one.length)) {
    plain = plain
      .replaceAll(`${pathToFileURL(root).href}/`, "")
      .replaceAll(`file://${root}/`, "")
      .replaceAll(`${root}/`, "")
      .replaceAll(root, ".");
  }
  const lines = plain
    .split("\n")
    .filter((line) => !NOISE.some((pattern) => pattern.test(line)))
    .map((line) =>
      line
        .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)/g, "<time>")
        .replace(/\b(127\.0\.0\.1|localhost|\[::1\]):\d{4,5}\b/g, "$1:<port>")
        .replace(/\s*\(?\b\d+(\.\d+)?\s?(ms|s|sec|seconds)\b\)?/g, "")
        .trimEnd(),
    );
  return lines
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

const NOISE = [
  /^\s*at .*(node:|internal\/|node_modules\/|<anonymous>)/,
  /^\s*at (async )?(file:\/\/)?\S*:\d+:\d+\)?$/,
  /^\s*at .+ \(.*:\d+:\d+\)( \{)?$/,
  /^\s*(# |ℹ )?duration(_ms)?\b/,
  /^\s*(Start at|Duration|Time:)\s/,
  /^\s*\|?\s*Node\.js v\d+/,
  /^\s*\|?\s*node:internal\//,
  /^npm (notice|warn|WARN|error|ERR!)/,
  /^> \S+@\S+ /,
];
