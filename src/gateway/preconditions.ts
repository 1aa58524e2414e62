/** Conditions of a request (RFC 9110, section 13): what is the same is not sent again, what somebody has changed is not overwritten. */
import { Terminal } from "../contract/errors.ts";

/** `If-None-Match`, for reads: weak comparison. */
export function isKnown(header: string | undefined, tag: string): boolean {
  return tagsOf(header).some((each) => each === "*" || each.replace(/^W\//, "") === `"${tag}"`);
}

/**
 * `If-Match` and `If-None-Match` of a write. `now`: the hash of what is there, null when nothing is. Answers the base of the change, null
 * where nothing is or any is right. A bare hash of at least six digits is taken for a tag.
 * Errors: Terminal `precondition-required`, `outdated-base`.
 */
export function baseOf(headers: { "if-match"?: string; "if-none-match"?: string }, now: string | null, what: string): string | null {
  if (headers["if-none-match"] !== undefined && now !== null && isKnown(headers["if-none-match"], now))
    throw outdated(`If-None-Match: ${what} is there already`, what);
  const tags = tagsOf(headers["if-match"]);
  if (now === null) {
    if (tags.length > 0) throw outdated(`If-Match names a version, but there is no ${what} yet`, what);
    return null;
  }
  if (tags.length === 0) {
    if (headers["if-none-match"] !== undefined) return now;
    throw new Terminal({
      code: "precondition-required",
      message: "If-Match must name the version that the change was made from",
      hint: `GET ${what} answers with an ETag`,
    });
  }
  if (tags.includes("*")) return null;
  const found = tags.map(hashIn).find((hash) => hash !== null && now.startsWith(hash));
  if (found) return now;
  throw outdated(`the change was made from ${tags.join(", ")}, but ${now.slice(0, 12)} runs`, what);
}

const tagsOf = (header: string | undefined): string[] =>
  (header ?? "")
    .split(",")
    .map((tag) => tag.trim())
    .filter(Boolean);

/** Strong comparison: a weak tag is no promise that the bytes are the same. */
const hashIn = (tag: string): string | null => /^"([0-9a-f]{64})"$/.exec(tag)?.[1] ?? /^"?([0-9a-f]{6,64})"?$/.exec(tag)?.[1] ?? null;

function outdated(message: string, what: string): Terminal {
  return new Terminal({ code: "outdated-base", message, hint: `GET ${what}, make the change there, and send it again` });
}
