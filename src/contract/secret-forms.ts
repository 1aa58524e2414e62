/** The ways in which a secret may be written down, so that it is found and taken out wherever it comes up. */

/** A shorter value cannot be told from ordinary text, so it could not be kept out of what is written down. */
export const SHORTEST_SECRET = 8;

/**
 * As it is, in JSON and in JSON in JSON (what a server makes that quotes the body it got), in URLs (a path and a query escape in ways of
 * their own), in hex, and in base64, alone or in the middle of something longer. The longest first.
 */
export function secretForms(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const bytes = Buffer.from(value);
  const hex = bytes.toString("hex");
  const plain = [value, json, json.replaceAll("/", "\\/"), JSON.stringify(json).slice(1, -1)];
  const forms = [...plain, ...urlForms(value), hex, hex.toUpperCase(), ...base64Forms(bytes)];
  return [...new Set(forms)].filter((form) => form !== "").sort((a, b) => b.length - a.length);
}

function urlForms(value: string): string[] {
  const url = new URL(`http://a/?${value}`);
  url.pathname = value;
  const urls = [
    encodeURIComponent(value),
    new URLSearchParams({ v: value }).toString().slice(2),
    url.pathname.slice(1),
    url.search.slice(1),
  ];
  return [...urls, ...urls.map((form) => form.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase()))];
}

/** Three bytes make four characters: behind other bytes, a value looks like one of three, but for the characters at its ends. */
function base64Forms(bytes: Buffer): string[] {
  const whole = [bytes.toString("base64"), bytes.toString("base64url")];
  if (bytes.length < SHORTEST_SECRET) return whole;
  const inside = [0, 1, 2].flatMap((before) => {
    const length = bytes.length - ((before + bytes.length) % 3);
    const cut = Buffer.concat([Buffer.alloc(before), bytes.subarray(0, Math.max(0, length))]);
    const from = before === 0 ? 0 : 4;
    return [cut.toString("base64").slice(from), cut.toString("base64url").slice(from)].map((form) => form.replace(/=+$/, ""));
  });
  return [...whole, ...inside.filter((form) => form.length >= SHORTEST_SECRET)];
}

/** Puts `<secret NAME>` in the place of each. `has` tells without the work. */
export interface SecretFilter {
  has(text: string): boolean;
  strip(text: string): string;
  /** For bytes of whatever kind. */
  stripBytes(bytes: Uint8Array): Buffer;
  /** Characters of the longest way to write one of them. */
  readonly longest: number;
  /** Where a text can be cut that goes on: neither a secret, nor what may be the beginning of one, reaches over it. */
  safeEnd(text: string): number;
}

export function secretFilter(secrets: ReadonlyMap<string, string>): SecretFilter {
  const forms = [...secrets]
    .flatMap(([name, value]) =>
      secretForms(value).map((form) => ({ form, bytes: Buffer.from(form).toString("latin1"), instead: `<secret ${name}>` })),
    )
    .sort((a, b) => b.form.length - a.form.length);
  return {
    has: (text) => forms.some(({ form }) => text.includes(form)),
    strip: (text) => forms.reduce((clean, { form, instead }) => clean.replaceAll(form, instead), text),
    stripBytes: (bytes) => {
      let text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
      if (!forms.some((each) => text.includes(each.bytes))) return Buffer.from(bytes);
      for (const each of forms) text = text.replaceAll(each.bytes, each.instead);
      return Buffer.from(text, "latin1");
    },
    longest: Math.max(0, ...forms.map(({ form }) => form.length)),
    safeEnd: (text) => {
      let end = Math.min(text.length, ...forms.map(({ form }) => beginningOf(form, text)));
      for (let before = -1; before !== end; ) {
        before = end;
        for (const { form } of forms) {
          const at = text.lastIndexOf(form, end - 1);
          if (end > 0 && at >= 0 && at + form.length > end) end = at;
        }
      }
      return end;
    },
  };
}

/** Where at the end of the text the form begins without being whole; else the text's length. */
function beginningOf(form: string, text: string): number {
  const [first = ""] = form;
  for (let at = text.indexOf(first, Math.max(0, text.length - form.length + 1)); at >= 0; at = text.indexOf(first, at + 1)) {
    if (form.startsWith(text.slice(at))) return at;
  }
  return text.length;
}
