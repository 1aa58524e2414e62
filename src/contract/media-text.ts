/** Bytes as text, by the `charset` that their `Content-Type` names (RFC 9110, section 8.3.2), else UTF-8; without a byte order mark. */
import { TextDecoder } from "node:util";

const CHARSET = /;\s*charset\s*=\s*(?:"([^"]*)"|([^\s;"]+))/i;

/** A charset that nobody knows counts as UTF-8, and what is no text in its charset becomes U+FFFD. */
export function mediaText(body: Uint8Array, contentType: string | undefined): string {
  const [, quoted, bare] = CHARSET.exec(contentType ?? "") ?? [];
  return decoderFor(quoted ?? bare ?? "utf-8").decode(body);
}

function decoderFor(charset: string): TextDecoder {
  try {
    return new TextDecoder(charset.trim());
  } catch {
    return new TextDecoder();
  }
}
