/**
 * What differs between two runs of the same work and means nothing: ids, times, hashes, paths, ports, durations.
 * Each becomes a placeholder without a number, so that the order in which parallel tasks came does not show.
 */

const HEX = "[0-9a-f]";
/** Roots under which programs keep files; with fewer than three segments only these are taken for a path, so that `/health` stays a route. */
const ROOTS =
  "tmp|var|home|root|Users|private|opt|work|workspace|workspaces|mnt|usr|data|srv|builds|github|runner|app|src|repo|code|project|proc|dev";

const RULES: [RegExp, string][] = [
  // Times: ISO 8601, git's and RFC 1123's, then bare dates.
  [/\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z| ?[+-]\d{2}:?\d{2})?/g, "<time>"],
  [
    /\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? (?:[A-Z][a-z]{2} \d{1,2}|\d{1,2} [A-Z][a-z]{2} \d{4}) \d{2}:\d{2}:\d{2}(?: \d{4})?(?: (?:GMT|UTC|[+-]\d{4}))?/g,
    "<time>",
  ],
  [/\b\d{4}-\d{2}-\d{2}\b/g, "<date>"],
  // Ids: UUIDs, ULIDs, the tool call and message ids of the providers, our derived ids, NATS's.
  [new RegExp(`\\b${HEX}{8}-${HEX}{4}-${HEX}{4}-${HEX}{4}-${HEX}{12}\\b`, "gi"), "<id>"],
  [/\b(?:[a-z]{1,12}[-_])?[0-7][0-9A-HJKMNP-TV-Z]{25}\b/g, "<id>"],
  [/\b(?:toolu|call|msg|req|resp|chatcmpl)[-_][A-Za-z0-9_]{8,}/g, "<id>"],
  [/\b(?:[a-z]{1,12}[-_])?(?=[0-9a-v]*\d)[0-9a-v]{21}(?:[-_]\d+)?\b/g, "<id>"],
  [/\b(?=[0-9A-Za-z]*\d)(?=[0-9A-Za-z]*[A-Z])(?=[0-9A-Za-z]*[a-z])[0-9A-Za-z]{22}\b/g, "<id>"],
  // Hashes: a git id of 7 or more hex digits has a digit with near certainty; words like "defaced" have none.
  [new RegExp(`\\b(?:sha(?:1|256|512)[:-])?(?=${HEX}*\\d)${HEX}{7,128}\\b`, "g"), "<hash>"],
  [/\bsha(?:256|384|512)-[A-Za-z0-9+/]{40,}={0,2}/g, "<hash>"],
  // Ports of this machine.
  [/(localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]|::1?):\d{2,5}\b/g, "$1:<port>"],
  [/\b(port:?\s+)\d{2,5}\b/gi, "$1<port>"],
  [/\b(pid:?\s+)\d+\b/gi, "$1<pid>"],
  // Durations.
  [/\b(duration(?:_?ms)?|elapsed(?:_?ms)?|took)(["']?\s*[:=]?\s*)\d+(?:\.\d+)?(?:e-?\d+)?\b/gi, "$1$2<duration>"],
  [/(?<![\w.])\d+(?:\.\d+)?\s?(?:ms|µs|us|ns|s|secs?|seconds?|milliseconds?)\b/g, "<duration>"],
  // Versions of the runtime.
  [/\bv(?:18|2\d)\.\d+\.\d+\b/g, "<version>"],
  [/\bnode:internal\/\S+/g, "<internal>"],
];
const PATHS: [RegExp, string][] = [
  [
    new RegExp(
      `(?<![\\w.:/<>~-])(?:file://)?/(?:(?:${ROOTS})(?![\\w.@+~-])(?:/[\\w.@+~<>-]+)*|[\\w.@+~-]+(?:/[\\w.@+~<>-]+){2,})/?(?::\\d+(?::\\d+)?)?`,
      "g",
    ),
    "<path>",
  ],
  [/\bfile:\/\/\/?[^\s"')]+/g, "<path>"],
  [/(?<!\w)[A-Za-z]:\\(?:[\w.@+~<> -]+\\)*[\w.@+~<>-]+/g, "<path>"],
];

/** Frames of stack traces differ between versions of the runtime: the message alone is kept. */
const FRAMES =
  /^[ \t]+at (?:[^\n(]*\((?:file:\/\/|node:|\/|[A-Z]:\\)[^\n)]*\)|(?:async )?(?:file:\/\/|node:|\/|[A-Z]:\\)\S+)[ \t]*(?:\n|$)/gm;

/** `roots`: folders of this run (state folder, repository, temporary folder); paths in them become relative. They may hold spaces. */
export function normaliseText(text: string, roots: readonly string[] = []): string {
  let plain = text.replace(/\r\n/g, "\n").replace(FRAMES, "");
  for (const root of [...roots].sort((a, b) => b.length - a.length)) {
    if (root.length < 2) continue;
    plain = plain.replaceAll(`file://${root}`, root).replaceAll(`${root}/`, "").replaceAll(root, "<path>");
  }
  // Paths first: their segments hold dates, ids and hashes that would break them up.
  for (const [rule, instead] of PATHS) plain = plain.replace(rule, instead);
  for (const [rule, instead] of RULES) plain = plain.replace(rule, instead);
  return plain;
}
