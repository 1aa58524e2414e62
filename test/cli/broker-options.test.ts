/** `--listen` as people write it. */
import { expect, test } from "vitest";
import { hostAndPort } from "../../src/cli/broker-options.ts";

test.each([
  ["0.0.0.0", { host: "0.0.0.0" }],
  ["0.0.0.0:4222", { host: "0.0.0.0", port: 4222 }],
  ["broker.example.com:4222", { host: "broker.example.com", port: 4222 }],
  ["::", { host: "::" }],
  ["::1", { host: "::1" }],
  ["[::1]", { host: "::1" }],
  ["[::]:4222", { host: "::", port: 4222 }],
])("%s", (address, parts) => {
  expect(hostAndPort(address)).toEqual(parts);
});

test.each(["0.0.0.0:0", "0.0.0.0:65536", "0.0.0.0:http", "a b", "", "tls://0.0.0.0:4222"])("%j is none", (address) => {
  expect(() => hostAndPort(address)).toThrow(/is no address to listen on/);
});
