/** What a review says: each finding is data with a place in the code, so that a net can make a token of it. */

export type Severity = "minor" | "major" | "blocking";
/** A type, not an interface: it travels as JSON. */
export type Finding = {
  file: string;
  /** Of the file as it is after the change, from 1. Null where it is about the file as a whole. */
  line: number | null;
  /** Last line, where it is about several. */
  endLine?: number;
  severity: Severity;
  /** Stable, for routing: `petrel/debugger`, `eslint/no-unused-vars`, `tsc/TS2322`, `tests/failing`, `coverage/untested`. */
  rule: string;
  message: string;
  /** Whether the change itself added the line. */
  added: boolean;
};

const WEIGHT: Record<Severity, number> = { blocking: 0, major: 1, minor: 2 };

/** The worst first, then by place. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  return [...findings].sort(
    (one, other) =>
      WEIGHT[one.severity] - WEIGHT[other.severity] ||
      (one.file < other.file ? -1 : one.file > other.file ? 1 : (one.line ?? 0) - (other.line ?? 0)),
  );
}

export function countBySeverity(findings: readonly Finding[]): Record<Severity, number> {
  const count = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
  return { blocking: count("blocking"), major: count("major"), minor: count("minor") };
}

/** In one sentence. */
export function toldOf(findings: readonly Finding[]): string {
  if (findings.length === 0) return "nothing found";
  const counts = countBySeverity(findings);
  const parts = (["blocking", "major", "minor"] as const).filter((name) => counts[name] > 0).map((name) => `${counts[name]} ${name}`);
  const [worst] = inOrder(findings);
  if (!worst) return "nothing found";
  const place = worst.line === null ? worst.file : `${worst.file}:${worst.line}`;
  return `${parts.join(", ")}; first: ${place} ${worst.message}`;
}
