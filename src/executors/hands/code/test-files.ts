/** Which files are tests: they may be added to, not changed or taken away. */

const FOLDER = /(^|\/)(tests?|__tests__|specs?)\//;
const NAMES = [
  /\.(test|spec)\.[cm]?[jt]sx?$/,
  /(^|\/)tests?\.[^/]+$/,
  /(^|\/)[^/]*_test\.[^/]+$/,
  /(^|\/)test_[^/]*\.[^/]+$/,
  /(^|\/)test-[^/]*\.(sh|[cm]?[jt]s|py)$/,
  /(^|\/)conftest\.py$/,
  /_spec\.rb$/,
  /(Test|Tests|IT)\.(java|kt|cs)$/,
];
/** What tests compare with. */
const EXPECTATIONS = [/(^|\/)(__snapshots__|testdata|fixtures?|__fixtures__|golden|goldens)\//, /\.(snap|golden)$/];
const DEFAULT_PATTERNS = [FOLDER, ...NAMES, ...EXPECTATIONS];

/** With globs only these and `named` count; without, the usual places and names of tests, and `named`. */
export function testFileMatcher(
  protect: readonly string[] | null | undefined,
  named: ReadonlySet<string> = new Set(),
): (path: string) => boolean {
  const patterns = protect && protect.length > 0 ? protect.map(globPattern) : DEFAULT_PATTERNS;
  return (path) => named.has(path) || patterns.some((pattern) => pattern.test(path));
}

/** Whether nothing but a test needs this file, so that the tests of before run as well without it. */
export function isOnlyTest(path: string): boolean {
  return /^(tests?|__tests__|specs?)\//.test(path) || NAMES.some((pattern) => pattern.test(path));
}

/** `*` and `?` stay within a folder, `**` crosses folders, `{a,b}` is one of them; a glob that ends with a slash means all below it. */
export function globPattern(glob: string): RegExp {
  const whole = glob.endsWith("/") ? `${glob}**` : glob;
  const source = whole.replace(/\*\*\/|\*\*|\*|\?|\{[^{}]*,[^{}]*\}|\[[\w-]+\]|[.+^${}()|[\]\\]/g, (part) => {
    if (part.length > 3 && part.startsWith("{")) return `(?:${part.slice(1, -1).split(",").map(escaped).join("|")})`;
    if (part.length > 2 && part.startsWith("[")) return part;
    if (part === "**/") return "(?:.*/)?";
    if (part === "**") return ".*";
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    return `\\${part}`;
  });
  return new RegExp(`^${source}$`);
}

function escaped(text: string): string {
  return text
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", "[^/]*")
    .replaceAll("?", "[^/]");
}
