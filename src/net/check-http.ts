/** What only an `http` transition can get wrong: its address, its headers, and how it names secrets. */
import type { Json } from "../contract/json.ts";
import { checkTemplate, guarded, type KnownNames } from "./check-names.ts";
import { elementOf, type Finding, failure } from "./check-problem.ts";
import { OWN_HEADERS } from "./http-definition.ts";
import { type HttpTransition, requestTemplate, SECRET, SECRET_HINT, secretFault } from "./http-request.ts";
import type { JsonPath } from "./locate.ts";
import { compileTemplate } from "./template.ts";

export function httpFindings(transition: HttpTransition, path: JsonPath, names: KnownNames): Finding[] {
  const found: Finding[] = [];
  for (const [field, template] of Object.entries(requestTemplate(transition))) {
    const at = [...path, field];
    found.push(...checkTemplate(template, at, { ...names, special: [...names.special, SECRET] }), ...secretFindings(template, at));
  }
  if (names.inputs.some(({ name }) => name === SECRET)) {
    const message = `${elementOf(path)}: an input called "${SECRET}" would hide the secrets`;
    found.push(failure("input-called-secret", [...path, "in"], message, 'give it another name with "as"'));
  }
  for (const name of Object.keys(transition.headers ?? {})) {
    if (!OWN_HEADERS.has(name.toLowerCase())) continue;
    found.push(
      failure("own-header", [...path, "headers", name], `${elementOf(path)}: the header ${name} is set by Petrel`, "leave it out", "key"),
    );
  }
  if (!/^(https?:\/\/|\$\{)/i.test(transition.url)) {
    const message = `${elementOf(path)}: the url begins with neither "https://" nor "http://"`;
    found.push(failure("bad-url", [...path, "url"], message, 'write it like "https://api.example.com/items/${item.id}"'));
  }
  return found;
}

function secretFindings(template: Json, path: JsonPath): Finding[] {
  if (typeof template === "string") {
    return guarded(path, () =>
      compileTemplate(template).expressions.flatMap((expression) => {
        const fault = secretFault(expression);
        return fault === null ? [] : [failure("secret-use", path, `${elementOf(path)}: ${fault}`, SECRET_HINT)];
      }),
    ).filter(({ code }) => code === "secret-use");
  }
  if (typeof template !== "object" || template === null) return [];
  return Object.entries(template).flatMap(([key, value]) => secretFindings(value, [...path, Array.isArray(template) ? Number(key) : key]));
}
