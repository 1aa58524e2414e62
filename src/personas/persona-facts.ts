/** What a persona file says, as far as it can be read: so that one fault does not hide the others. Pure. */
import { isJsonObject, type Json } from "../contract/json.ts";
import { type Persona, personaSchema } from "./persona-schema.ts";

type Readable = "persona" | "flags" | "output" | "memory" | "context" | "model" | "tier";
/** What is missing or no sound value is left out; of a list, the elements that are sound, each at its index. */
export type PersonaFacts = { readonly [Field in Readable]?: Persona[Field] | undefined } & {
  readonly tools: readonly (string | undefined)[];
  readonly knowledge: readonly (string | undefined)[];
};

const { shape } = personaSchema;

export function readableFacts(value: Json): PersonaFacts {
  const file = isJsonObject(value) ? value : {};
  const one = (field: Readable) => {
    const parsed = shape[field].safeParse(file[field]);
    return parsed.success ? { [field]: parsed.data } : {};
  };
  const fields: Readable[] = ["persona", "flags", "output", "memory", "context", "model", "tier"];
  const facts: Partial<Persona> = Object.assign({}, ...fields.map(one));
  return { ...facts, tools: listed("tools", file.tools), knowledge: listed("knowledge", file.knowledge) };
}

function listed(field: "tools" | "knowledge", value: Json | undefined): (string | undefined)[] {
  if (!Array.isArray(value)) return [];
  return value.map((each) => (shape[field].safeParse([each]).success ? String(each) : undefined));
}
