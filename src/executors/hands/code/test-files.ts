/** Which files are tests: they may be added to, not changed or taken away. */

const DEFAULT_PATTERNS = [
  /(^|\/)(tests?|__tests__|specs?)\//,
  /\.(test|spec)\.[cm]?[jt]sx?$/,
  /_test\.(go|py|rb|exs|c|cc|cpp)$/,
  /(^|\/)test_[^/]+\.py$/,
  /_spec\.rb$/,
  /(Test|Tests|IT)\.(java|kt|cs)$/,
];

/** With globs only these count, besides nothing; without, the usual places and names of tests. */
export function testFileMatcher(protect: readonly string[] | null | undefined): (path: string) => boolean {
  const patterns = protect && protect.length > 0 ? protect.map(globPattern) : DEFAULT_PATTERNS;
  return (path) => patterns.some((pattern) => pattern.test(path));
}

/** `*` and `?` stay within a folder, `**` crosses folders; a glob that ends with a slash means all below it. */
export function globPattern(glob: string): RegExp {
  const whole = glob.endsWith("/") ? `${glob}**` : glob;
  const source = whole.replace(/\*\*\/|\*\*|\*|\?|[.+^${}()|[\]\\]/g, (part) => {
    if (part === "**/") return "(?:.*/)?";
    if (part === "**") return ".*";
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    return `\\${part}`;
  });
  return new RegExp(`^${source}$`);
}
