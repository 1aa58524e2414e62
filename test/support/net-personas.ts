/** A persona that passes every check, for nets that need one. */
export function personaNamed(persona: string): object {
  return {
    persona,
    title: persona,
    flags: "r----",
    tools: [],
    tier: "economy",
    prompt: "Work.",
    knowledge: [],
    output: { type: "object" },
  };
}
