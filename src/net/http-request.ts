/** The request of an `http` transition as one template, and the secrets that it names. Pure: a secret's value is never in here. */
import { Terminal } from "../contract/errors.ts";
import { SECRET_PATTERN, SECRET_RULE } from "../contract/ids.ts";
import type { Json, JsonObject } from "../contract/json.ts";
import type { Transition } from "./definition.ts";
import type { CompiledExpression } from "./expression.ts";

export type HttpTransition = Extract<Transition, { kind: "http" }>;
/** The name under which secrets go in templates. */
export const SECRET = "secret";

export function requestTemplate({ method, url, headers, query, body }: HttpTransition): JsonObject {
  return { method, url, headers: headers ?? {}, query: query ?? {}, ...(body === undefined ? {} : { body }) };
}

/** Why a use of `secret` is wrong, or null: it stands alone in its placeholder, so that its value can be found and taken out. */
export function secretFault({ paths, text }: CompiledExpression): string | null {
  const use = paths.find(({ root }) => root === SECRET);
  if (!use) return null;
  const [step, ...more] = use.steps;
  const name = step && "key" in step ? String(step.key) : "";
  if (more.length > 0 || use.text !== text.trim() || use.text !== `${SECRET}.${name}`) return "a secret stands alone in its placeholder";
  return SECRET_PATTERN.test(name) ? null : SECRET_RULE;
}

/** Names of the secrets, each once. Errors: Terminal `secret-use`. */
export function secretNames(expressions: readonly CompiledExpression[]): string[] {
  const names = expressions.flatMap((expression) => {
    const fault = secretFault(expression);
    if (fault !== null) throw new Terminal({ code: "secret-use", message: `\${${expression.text}}: ${fault}`, hint: SECRET_HINT });
    return expression.paths.filter(({ root }) => root === SECRET).map(({ text }) => text.slice(SECRET.length + 1));
  });
  return [...new Set(names)];
}
export const SECRET_HINT = 'write it like "Bearer ${secret.github_token}"';

/** Headers whose template names a secret, in lower case. */
export function sensitiveHeaders({ headers }: HttpTransition): string[] {
  return Object.entries(headers ?? {}).flatMap(([name, value]) => (/\$\{\s*secret\s*\./.test(value) ? [name.toLowerCase()] : []));
}

/** A header twice, in two spellings, would be sent once: the last one counts. */
export function lowerCased(headers: { [name: string]: Json }): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
}
