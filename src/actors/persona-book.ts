/** The personas that nets have named, by name and version, with the contents of their knowledge. */
import * as z from "zod";
import type { Artifacts, VersionStore } from "../contract/broker.ts";
import { Terminal } from "../contract/errors.ts";
import type { Json } from "../contract/json.ts";
import { type Knowledge, type Persona, personaSchema, personaVersion } from "../personas/persona-schema.ts";

/** Knowledge lies in the artefact store under the hash of its content; versions of before carry the text themselves. */
const storedSchema = z.object({
  persona: personaSchema,
  knowledge: z.array(z.union([z.object({ file: z.string(), text: z.string() }), z.object({ file: z.string(), sha256: z.string() })])),
});

export interface BoundPersona {
  persona: Persona;
  knowledge: Knowledge[];
  version: string;
}

export class PersonaBook {
  readonly #store: VersionStore;
  readonly #artifacts: Artifacts;
  readonly #loaded = new Map<string, BoundPersona>();
  /** Newest version that this process knows. */
  readonly #newest = new Map<string, string>();

  constructor(store: VersionStore, artifacts: Artifacts) {
    this.#store = store;
    this.#artifacts = artifacts;
  }

  get(name: string, version?: string): Persona | null {
    return this.bound(name, version)?.persona ?? null;
  }
  bound(name: string, version?: string): BoundPersona | null {
    return this.#loaded.get(`${name}.${version ?? this.#newest.get(name) ?? ""}`) ?? null;
  }
  version(name: string): string | null {
    return this.#newest.get(name) ?? null;
  }

  /** The newest stored versions of the personas that `wanted` picks, whoever applied them. */
  async stored(wanted: (name: string) => boolean): Promise<BoundPersona[]> {
    const found: BoundPersona[] = [];
    for (const name of (await this.#store.names()).filter(wanted)) {
      const version = await this.latest(name);
      if (version !== null) found.push(await this.load(name, version));
    }
    return found;
  }

  /** The newest stored version, or null when nobody applied such a persona. */
  async latest(name: string): Promise<string | null> {
    const versions = await this.#store.list(name);
    return versions.at(-1)?.hash ?? null;
  }

  async load(name: string, version: string): Promise<BoundPersona> {
    const known = this.#loaded.get(`${name}.${version}`);
    if (known) return known;
    const stored = await this.#store.get(name, version);
    if (stored === null) {
      throw new Terminal({
        code: "persona-missing",
        message: `version ${version.slice(0, 12)} of the persona ${name} is not in the version store`,
        hint: `petrel persona apply personas/${name}.json`,
      });
    }
    const { persona, knowledge } = storedSchema.parse(stored);
    return this.#keep({ persona, knowledge: await Promise.all(knowledge.map((each) => this.#withText(name, each))), version });
  }

  /** Stores a version; the same content twice is one version. */
  async apply(persona: Persona, knowledge: Knowledge[]): Promise<BoundPersona> {
    const version = personaVersion(persona, knowledge);
    const kept = await Promise.all(
      knowledge.map(async ({ file, text }) => ({ file, sha256: (await this.#artifacts.put(Buffer.from(text), "text/plain")).$artifact })),
    );
    await this.#store.put(persona.persona, version, { persona, knowledge: kept } as unknown as Json);
    return this.#keep({ persona, knowledge, version });
  }

  async #withText(persona: string, each: { file: string; text: string } | { file: string; sha256: string }): Promise<Knowledge> {
    if ("text" in each) return each;
    const bytes = await this.#artifacts.get(each.sha256);
    if (bytes !== null) return { file: each.file, text: new TextDecoder().decode(bytes) };
    throw new Terminal({
      code: "knowledge-lost",
      message: `the knowledge file ${each.file} of ${persona} is not in the artefact store`,
      hint: `petrel persona apply personas/${persona}.json`,
    });
  }

  #keep(bound: BoundPersona): BoundPersona {
    this.#loaded.set(`${bound.persona.persona}.${bound.version}`, bound);
    this.#newest.set(bound.persona.persona, bound.version);
    return bound;
  }
}
