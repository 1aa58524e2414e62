/** The roster of a net as tools see it, and the checker of persona files. */
import { checkPersonaFile } from "../../personas/check-persona.ts";
import type { PersonaHands, PersonaView } from "../../tools/hands.ts";
import type { PersonaBook } from "../persona-book.ts";
import type { Term } from "../term/term.ts";

export function personaHands(term: Term, book: PersonaBook): PersonaHands {
  return {
    list() {
      const posts = new Map<string, string[]>();
      for (const { id, definition } of term.net?.transitions.values() ?? []) {
        if (definition.persona !== undefined) posts.set(definition.persona, [...(posts.get(definition.persona) ?? []), id]);
      }
      return [...posts].map(([name, transitions]): PersonaView => {
        const persona = book.get(name, term.state.personas[name]);
        return {
          persona: name,
          title: persona?.title ?? name,
          flags: persona?.flags ?? "-----",
          tools: persona?.tools ?? [],
          tier: persona?.tier ?? "unknown",
          transitions,
        };
      });
    },
    check: (definition) =>
      checkPersonaFile(JSON.stringify(definition, null, 2), `${String(definition.persona)}.json`, { exists: () => false })
        .problems.filter(({ severity }) => severity === "error")
        .map(({ message }) => message),
  };
}
