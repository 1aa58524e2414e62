import { expect, test } from "vitest";
import { findOllama } from "../../src/models/ollama.ts";
import { realClock as clock } from "../support/model-clock.ts";
import { sendJson, startStub } from "../support/stub-turn.ts";

const serving = (body: unknown) => startStub([], (_, response) => sendJson(response, 200, body));

test.each<[string, unknown, string[] | null]>([
  ["its models are offered", { models: [{ name: "qwen3:8b" }, { name: "gemma3" }, { size: 1 }] }, ["qwen3:8b", "gemma3"]],
  ["no models are no offer", { models: [] }, null],
  ["another program on its port is no offer", "<html>", null],
])("an Ollama that answers: %s", async (_, body, models) => {
  const stub = await serving(body);
  expect(await findOllama(clock, stub.url)).toEqual(models && { baseURL: `${stub.url}/v1`, models });
  await stub.close();
});

test("nobody there, and one that never answers, are no offer", async () => {
  const gone = await serving({});
  await gone.close();
  expect(await findOllama(clock, gone.url)).toBeNull();
  const deaf = await startStub([], () => {});
  expect(await findOllama(clock, deaf.url)).toBeNull();
  await deaf.close();
});
