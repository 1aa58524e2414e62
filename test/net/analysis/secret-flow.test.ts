/** Where secrets can go, and who decides that: each finding beside the same step without the fault. */
import { describe, expect, test } from "vitest";
import { type GrantsOf, secretFlow, secretWords } from "../../../src/net/analysis/secret-flow.ts";
import { netSchema } from "../../../src/net/definition.ts";

const flow = (step: object, grantsOf?: GrantsOf) =>
  secretFlow(
    netSchema.parse({
      net: "n",
      places: { asked: { open: true }, done: { sink: true }, errors: { sink: true } },
      transitions: { step: { in: [{ place: "asked", as: "job" }], out: [{ to: "done" }], onError: "errors", ...step } },
    }),
    grantsOf,
  );
const request = (over: object) => ({ kind: "http", url: "https://api.example.com/x", ...over });
const bearer = { headers: { Authorization: "Bearer ${secret.shop_key}" } };
const command = (over: object) => ({ kind: "command", pool: "p", secrets: { NPM_TOKEN: "npm_token" }, ...over });
const codes = (step: object, grantsOf?: GrantsOf) => flow(step, grantsOf).findings.map(({ code }) => code);

describe("what is told of each use", () => {
  test("a request: its host, and the places that the answer can go to", () => {
    const { uses, findings } = flow(request({ ...bearer, url: "https://API.example.com:8443/items/${job.id}" }));
    expect(findings).toEqual([]);
    expect(uses).toEqual([{ secret: "shop_key", transition: "step", persona: null, to: "api.example.com", answers: ["done", "errors"] }]);
    expect(uses.map(secretWords)).toEqual(['"step" sends the secret shop_key to api.example.com']);
  });

  test("secrets in the query and the body are found too, each once", () => {
    const { uses } = flow(request({ query: { key: "${secret.a}" }, body: { deep: ["${secret.b}", "${secret.a}"] } }));
    expect(uses.map(({ secret }) => secret)).toEqual(["a", "b"]);
  });

  test("a command: its program and its variable", () => {
    const { uses, findings } = flow(command({ argv: ["npm", "publish", "${job.folder}"] }));
    expect(findings).toEqual([]);
    expect(uses.map(secretWords)).toEqual(['"step" gives the secret npm_token to npm as NPM_TOKEN']);
  });

  test("a step without a secret is none of it", () => {
    expect(flow(request({ url: "${job.url}" }))).toEqual({ uses: [], findings: [] });
    expect(flow({ kind: "command", pool: "p", argv: ["${job.program}"] })).toEqual({ uses: [], findings: [] });
  });
});

describe("what is warned of", () => {
  test("the data decides the host, unless the hosts are listed", () => {
    expect(codes(request({ ...bearer, url: "${job.url}" }))).toEqual(["secret-to-any-host"]);
    expect(codes(request({ ...bearer, url: "https://${job.shop}.example.com/x" }))).toEqual(["secret-to-any-host"]);
    expect(codes(request({ ...bearer, url: "https://user@${job.host}/x" }))).toEqual(["secret-to-any-host"]);
    expect(codes(request({ ...bearer, url: "${job.url}", allow: ["api.example.com"] }))).toEqual([]);
    expect(codes(request({ ...bearer, url: "https://api.example.com/${job.path}" }))).toEqual([]);
  });

  test("a secret over http, but for this machine", () => {
    expect(codes(request({ ...bearer, url: "http://api.example.com/x" }))).toEqual(["secret-in-the-clear"]);
    expect(codes(request({ ...bearer, url: "http://127.0.0.1:8080/x" }))).toEqual([]);
    expect(codes(request({ ...bearer, url: "http://localhost/x" }))).toEqual([]);
  });

  test("a secret in the address", () => {
    expect(codes(request({ url: "https://api.example.com/${secret.shop_key}" }))).toEqual(["secret-in-address"]);
    expect(codes(request({ query: { key: "${secret.shop_key}" } }))).toEqual(["secret-in-address"]);
  });

  test("the data decides the program, or the code that it runs", () => {
    expect(codes(command({ argv: ["${job.program}"] }))).toEqual(["secret-to-any-program"]);
    expect(codes(command({ argv: ["sh", "-c", "${job.script}"] }))).toEqual(["secret-to-any-program"]);
    expect(codes(command({ argv: ["bash", "-lc", "${job.script}"] }))).toEqual(["secret-to-any-program"]);
    expect(codes(command({ argv: ["env", "node", "-e", "${job.script}"] }))).toEqual(["secret-to-any-program"]);
    expect(codes(command({ argv: ["npm", "publish", "${job.folder}"] }))).toEqual([]);
  });

  test("a persona that is not granted it, where its file is known", () => {
    const step = { ...request(bearer), persona: "buyer" };
    expect(codes(step, () => ["other"])).toEqual(["secret-not-granted"]);
    expect(codes(step, () => ["shop_key"])).toEqual([]);
    expect(codes(step, () => null)).toEqual([]);
  });
});
