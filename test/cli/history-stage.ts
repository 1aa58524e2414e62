/** The verbs on the in-memory broker of a real master: what they read is what an engine wrote. */
import type { PersonaWorker } from "../../src/actors/persona-work.ts";
import { sha256 } from "../../src/contract/hash.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { personaNamed } from "../support/net-personas.ts";
import { Stage } from "./stage.ts";

export interface History {
  kit: MasterKit;
  stage: Stage;
  stop(): Promise<void>;
}

/** Answers every persona at once, with a prompt in the store, as a real one does. */
export const writer: PersonaWorker = async ({ firing }, { term }) => {
  const prompt = `[system]\nYou are ${firing.persona}.\n\n[user]\n${firing.ask}\n`;
  const artifact = await term?.ports.broker.artifacts.put(Buffer.from(prompt), "text/plain");
  return {
    firing: firing.firing,
    attempt: firing.attempt,
    outcome: { ok: true, value: { text: `by ${firing.persona}` } },
    extra: {
      personaVersion: firing.personaVersion,
      model: { provider: "stub", name: "small", calls: 2, inputTokens: 100, outputTokens: 10, costUsd: 0.5, listUsd: 0.5 },
      tools: [
        { name: "place.read", ok: true },
        { name: "git.push", ok: false, refused: true },
      ],
      prompt: { sha256: sha256(prompt), artifact: artifact?.$artifact ?? "" },
    },
  };
};

export async function history(): Promise<History> {
  const kit = await masterKit({ work: writer });
  const stage = Object.assign(new Stage(), { hub: kit.hub });
  stage.running();
  await kit.ask(null, "apply-persona", { persona: personaNamed("author") });
  return {
    kit,
    stage,
    stop: async () => {
      stage.remove();
      await kit.stop();
    },
  };
}

/** An author writes, a person releases, a command prints; two settings are read by the author. */
export const PRESS = {
  net: "press",
  places: {
    wishes: { open: true },
    style: { open: true },
    drafts: {},
    released: {},
    printed: { sink: true },
    torn: { sink: true },
    failed: { sink: true },
  },
  transitions: {
    write: {
      kind: "llm",
      persona: "author",
      ask: "Write about ${wish.about}",
      in: [
        { place: "wishes", as: "wish" },
        { place: "style", as: "style", mode: "read" },
      ],
      out: [{ to: "drafts", value: { about: "${wish.about}" } }],
    },
    release: {
      kind: "pass",
      in: [{ place: "drafts", as: "draft" }],
      out: [{ to: "released" }],
      gate: { name: "imprimatur", approvers: ["role:editor"], escalate: "torn" },
    },
    print: {
      kind: "command",
      pool: "p",
      argv: ["true"],
      in: [{ place: "released", as: "draft" }],
      out: [{ to: "printed" }],
      onError: "failed",
      retry: { max: 1 },
    },
  },
};
