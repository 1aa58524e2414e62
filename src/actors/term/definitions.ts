/** The definitions that a term runs: every version lies in the broker's store before the log names it. */
import type { VersionStore } from "../../contract/broker.ts";
import { Terminal } from "../../contract/errors.ts";
import { type CompiledNet, compileNet } from "../../net/compiled-net.ts";
import { type NetDefinition, netSchema } from "../../net/definition.ts";

export class Definitions {
  readonly #store: VersionStore;
  readonly #net: string;
  readonly #compiled = new Map<string, CompiledNet>();

  constructor(store: VersionStore, net: string) {
    this.#store = store;
    this.#net = net;
  }

  get(version: string): CompiledNet | null {
    return this.#compiled.get(version) ?? null;
  }

  async load(version: string): Promise<CompiledNet> {
    const known = this.#compiled.get(version);
    if (known) return known;
    const stored = await this.#store.get(this.#net, version);
    if (stored === null) {
      throw new Terminal({
        code: "definition-missing",
        message: `the log of ${this.#net} runs version ${version.slice(0, 12)}, which is not in the version store`,
        hint: "restore the bucket petrel-nets from a backup; nothing was changed",
      });
    }
    return this.add(netSchema.parse(stored), version);
  }

  add(definition: NetDefinition, version: string): CompiledNet {
    const compiled = compileNet(definition, version);
    this.#compiled.set(version, compiled);
    return compiled;
  }
}
