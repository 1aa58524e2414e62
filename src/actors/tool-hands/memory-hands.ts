/** A persona's memory as tools see it. Null: this firing has none. */
import type { MemoryHands } from "../../tools/hands.ts";
import { personaMemory } from "../persona-memory.ts";
import type { ToolRoom } from "./tool-room.ts";

export function memoryHands({ term, firing, persona }: ToolRoom): MemoryHands | null {
  return personaMemory(term, firing, persona);
}
