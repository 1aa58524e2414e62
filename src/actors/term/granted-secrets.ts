/**
 * Which secrets a step gets. A step acts for its persona, which must be granted each by name; a step without a persona acts on the
 * authority of the net, whose author has named the secret. A secret may say which nets it is for.
 */
import { Refused, Terminal } from "../../contract/errors.ts";
import { mustBeForNet, type Secret, type SecretSource } from "../../http/secrets.ts";
import type { CompiledTransition } from "../../net/compiled-net.ts";
import type { Persona } from "../../personas/persona-schema.ts";

/** Errors: Refused `secret-not-granted`, `secret-net-refused`; Terminal `secret-missing` and what opening it says. */
export function grantedSecret(source: SecretSource, name: string, net: string, persona: Persona | null): Secret {
  if (persona && !persona.secrets.includes(name)) {
    throw new Refused({
      code: "secret-not-granted",
      message: `${persona.persona} is not granted the secret ${name}`,
      hint: `list it under "secrets" in the file of persona ${persona.persona}, and petrel persona apply it`,
    });
  }
  const secret = source(name);
  mustBeForNet(name, secret, net);
  return secret;
}

/** Secrets by variable: those that a command or the agent of a browser names, and the key of an agent's engine. */
function variablesOf(definition: CompiledTransition["definition"]): Record<string, string> | null {
  if (definition.kind === "agent" && definition.engine) return { ANTHROPIC_API_KEY: definition.engine.secret };
  return definition.kind === "command" || definition.kind === "agent" ? (definition.secrets ?? null) : null;
}

/** The environment of a command, variable by variable. Errors: as above; Refused `secret-host-refused` for one that is for hosts alone. */
export function secretsOfCommand(
  source: SecretSource | null,
  { definition, id }: CompiledTransition,
  net: string,
  persona: Persona | null,
): Record<string, string> {
  const wanted = variablesOf(definition);
  if (wanted === null) return {};
  if (!source) throw new Terminal({ code: "secret-missing", message: "this master has no secrets" });
  return Object.fromEntries(
    Object.entries(wanted).map(([variable, name]) => {
      const secret = grantedSecret(source, name, net, persona);
      if (secret.hosts === null) return [variable, secret.value];
      const message = `the secret ${name} is for requests to ${secret.hosts.join(", ")} alone, not for the command of ${id}`;
      throw new Refused({ code: "secret-host-refused", message, hint: `petrel secret set ${name} without --host` });
    }),
  );
}
