import { describe, expect, test } from "vitest";
import { receiver, seal, sealFor, unseal } from "../../src/contract/sealed.ts";
import { secretFilter, secretForms } from "../../src/contract/secret-forms.ts";

const key = Buffer.alloc(32, 7);
const VALUE = 's3cr%t/with "quotes" & ünïcödé\n';

describe("at rest", () => {
  test("what was sealed opens with its key and its name, and differs each time", () => {
    const [one, other] = [seal(key, "token", VALUE), seal(key, "token", VALUE)];
    expect(one).not.toBe(other);
    expect(unseal(key, "token", one)).toBe(VALUE);
  });
  test.each([
    ["another key", Buffer.alloc(32, 8), "token", (text: string) => text],
    ["another name", key, "other", (text: string) => text],
    ["a changed byte", key, "token", (text: string) => (text.at(-3) === "A" ? `${text.slice(0, -3)}B==` : `${text.slice(0, -3)}A==`)],
    ["half of it", key, "token", (text: string) => text.slice(0, 20)],
    ["nothing", key, "token", () => ""],
  ])("%s opens nothing", (_, other, name, change) => {
    expect(() => unseal(other, name, change(seal(key, "token", "a value of some length!")))).toThrow(
      expect.objectContaining({ code: "sealed" }),
    );
  });
});

describe("on the wire", () => {
  test("the receiver opens it, and nobody else", () => {
    const [mine, other] = [receiver(), receiver()];
    const sealed = sealFor(mine.publicKey, "NPM_TOKEN", VALUE);
    expect(mine.open("NPM_TOKEN", sealed)).toBe(VALUE);
    expect(() => other.open("NPM_TOKEN", sealed)).toThrow(expect.objectContaining({ code: "sealed" }));
    expect(() => mine.open("OTHER", sealed)).toThrow(expect.objectContaining({ code: "sealed" }));
    expect(() => mine.open("NPM_TOKEN", "no key.at all")).toThrow(expect.objectContaining({ code: "sealed" }));
  });
  test.each(["", "AAAA", "MCowBQYDK2VwAyEA"])("%j is no public key", (text) => {
    expect(() => sealFor(text, "X", VALUE)).toThrow(expect.objectContaining({ code: "sealed" }));
  });
});

describe("the filter", () => {
  const filter = secretFilter(new Map([["token", VALUE]]));
  const encoded: [string, string][] = [
    ["plain", VALUE],
    ["JSON", JSON.stringify({ a: VALUE })],
    ["JSON in JSON", JSON.stringify(JSON.stringify(VALUE))],
    ["a URL", `https://a.example/?k=${encodeURIComponent(VALUE)}`],
    ["a form", new URLSearchParams({ k: VALUE }).toString()],
    ["hex", Buffer.from(VALUE).toString("hex")],
    ["base64", Buffer.from(VALUE).toString("base64")],
    ...["", "u", "us", "user:"].map((before): [string, string] => [
      `base64 behind "${before}"`,
      Buffer.from(`${before}${VALUE} and more`).toString("base64"),
    ]),
    ["base64url", Buffer.from(`u:${VALUE}`).toString("base64url")],
  ];
  test.each(encoded)("finds it in %s, and leaves nothing by which it could be put together", (_, text) => {
    expect(filter.has(text)).toBe(true);
    const clean = filter.strip(text);
    expect(clean).toContain("<secret token>");
    for (const form of secretForms(VALUE)) expect(clean).not.toContain(form);
    expect(filter.stripBytes(Buffer.from(text)).toString()).toBe(clean);
  });
  test("leaves other text alone", () => {
    expect(filter.has("nothing of it")).toBe(false);
    expect(filter.strip("nothing of it")).toBe("nothing of it");
  });
});
