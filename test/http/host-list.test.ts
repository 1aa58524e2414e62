import { describe, expect, it } from "vitest";
import { excludesName, isPublic, parseHostList, permits } from "../../src/http/host-list.ts";
import { retryAfterMs } from "../../src/http/retry-after.ts";

const target = (host: string, port = 443) => ({ host, port });

describe("addresses", () => {
  it.each([
    "127.0.0.1",
    "127.8.9.1",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "240.0.0.1",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "fe80::1",
    "fc00::1",
    "fd12:3456::1",
    "fec0::1",
    "ff02::1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2001:0:1::",
    "100::1",
    "fe80::1%eth0",
    "",
    "nonsense",
  ])("%s is not public", (address) => expect(isPublic(address)).toBe(false));

  it.each(["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8"])("%s is public", (address) =>
    expect(isPublic(address)).toBe(true),
  );
});

describe("lists", () => {
  const cases: [
    what: string,
    list: string[] | null,
    net: string[] | null,
    host: string,
    port: number,
    address: string,
    allowed: boolean,
  ][] = [
    ["every public host without a list", null, null, "example.com", 443, "93.184.216.34", true],
    ["nothing private without a list", null, null, "example.com", 443, "10.0.0.1", false],
    ["a name that is listed", ["api.example.com"], null, "api.example.com", 443, "93.184.216.34", true],
    ["no other name", ["api.example.com"], null, "example.com", 443, "93.184.216.34", false],
    ["no name that only ends like it", ["*.example.com"], null, "badexample.com", 443, "93.184.216.34", false],
    ["names below a star, not the name itself", ["*.example.com"], null, "example.com", 443, "93.184.216.34", false],
    ["names below a star", ["*.example.com"], null, "a.b.example.com", 443, "93.184.216.34", true],
    ["H2: a listed name that points inwards", ["api.example.com"], null, "api.example.com", 443, "10.0.0.1", false],
    ["a listed inner address", ["10.0.0.0/8"], null, "10.0.0.7", 80, "10.0.0.7", true],
    ["a name that leads to a listed range", ["10.0.0.0/8"], null, "intranet", 80, "10.0.0.7", true],
    ["nothing public when only a range is listed", ["10.0.0.0/8"], null, "example.com", 443, "93.184.216.34", false],
    ["another port than the listed one", ["127.0.0.1:8080"], null, "127.0.0.1", 80, "127.0.0.1", false],
    ["the listed port", ["127.0.0.1:8080"], null, "127.0.0.1", 8080, "127.0.0.1", true],
    ["an IPv4-mapped address as what it is", ["127.0.0.1"], null, "::ffff:127.0.0.1", 80, "::ffff:127.0.0.1", true],
    ["localhost by its name", ["localhost"], null, "localhost", 80, "127.0.0.1", true],
    ["localhost by its name, IPv6", ["localhost"], null, "localhost", 80, "::1", true],
    ["loopback under another name", ["localhost"], null, "rebound.example", 80, "127.0.0.1", false],
    ["a star is public hosts only", ["*"], null, "example.com", 443, "127.0.0.1", false],
    ["a star and one address, public", ["*", "[::1]"], null, "example.com", 443, "93.184.216.34", true],
    ["a star and one address, inner", ["*", "[::1]"], null, "::1", 443, "::1", true],
    ["H3: a net that names less", null, ["api.example.com"], "other.example.com", 443, "93.184.216.34", false],
    ["H3: a net that names it", ["*.example.com"], ["api.example.com"], "api.example.com", 443, "93.184.216.34", true],
    ["H3: a net that names more", null, ["127.0.0.1"], "127.0.0.1", 80, "127.0.0.1", false],
  ];
  it.each(cases)("%s", (_, list, net, host, port, address, allowed) => {
    const parsed = (texts: string[] | null) => (texts === null ? null : parseHostList(texts));
    expect(permits(parsed(list), parsed(net), target(host, port), address)).toBe(allowed);
  });

  it("know without the DNS what no entry can mean", () => {
    expect(excludesName(parseHostList(["api.example.com"]), null, target("evil.example"))).toBe(true);
    expect(excludesName(null, parseHostList(["api.example.com"]), target("evil.example"))).toBe(true);
    expect(excludesName(parseHostList(["10.0.0.0/8"]), null, target("intranet"))).toBe(false);
  });

  it.each(["", "http://a.example", "a b", "10.0.0.0/33", "a.example/8", "[zz]", "1.2.3", "a:b"])("refuse %j", (text) =>
    expect(() => parseHostList([text])).toThrowError(expect.objectContaining({ code: "host-list" })),
  );
});

describe("Retry-After", () => {
  const now = Date.parse("2026-03-01T12:00:00Z");
  it.each([
    ["120", 120_000],
    ["0", 0],
    ["Sun, 01 Mar 2026 12:00:30 GMT", 30_000],
    ["Sun, 01 Mar 2026 11:00:00 GMT", 0],
    ["99999999999", 24 * 3_600_000],
    ["-5", undefined],
    ["soon", undefined],
    ["2026-03-01", undefined],
    [undefined, undefined],
  ])("%s", (header, wanted) => expect(retryAfterMs(header, now)).toBe(wanted));
});
