/** Where secrets can go: which steps name them, on whose behalf, to which hosts or programs, and who decides that. */
import type { Json } from "../../contract/json.ts";
import { targetsOf } from "../check-places.ts";
import { type Finding, warning } from "../check-problem.ts";
import type { NetDefinition, Transition } from "../definition.ts";
import { type HttpTransition, requestTemplate, SECRET, secretNames } from "../http-request.ts";
import { compileTemplate } from "../template.ts";

/** The secrets that a persona's file grants; null when nothing is known of it. */
export type GrantsOf = (persona: string) => readonly string[] | null;

export interface SecretUse {
  secret: string;
  transition: string;
  persona: string | null;
  /** The host of the request, or `argv[0]` of the command or its hand; null: the data of a token decides. */
  to: string | null;
  /** The variable of a command that it becomes. */
  variable?: string;
  /** Places that what comes back can go to. */
  answers: string[];
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;
/** Arguments after which such a program reads code out of the next one. */
const CODE = /^(-[A-Za-z]*c|-e|--eval|-p|--print)$/;

/** Errors: those of a template that does not parse; check the file first. */
export function secretFlow(net: NetDefinition, grantsOf: GrantsOf = () => null): { uses: SecretUse[]; findings: Finding[] } {
  const uses: SecretUse[] = [];
  const findings: Finding[] = [];
  for (const [name, one] of Object.entries(net.transitions)) {
    const own = one.kind === "http" ? requestUses(name, one) : one.kind === "command" ? commandUses(name, one) : engineUses(name, one);
    if (own.length === 0) continue;
    uses.push(...own);
    findings.push(...ungranted(name, one, own, grantsOf));
    if (one.kind === "http") findings.push(...requestFindings(name, one));
    else if (one.kind === "command") findings.push(...commandFindings(name, one));
  }
  return { uses, findings };
}

export function secretWords({ secret, transition, to, variable }: SecretUse): string {
  const where = to === null ? "whatever the data says" : to;
  return variable === undefined
    ? `"${transition}" sends the secret ${secret} to ${where}`
    : `"${transition}" gives the secret ${secret} to ${where} as ${variable}`;
}

function requestUses(transition: string, one: HttpTransition): SecretUse[] {
  const names = secretsIn(requestTemplate(one));
  const host = hostOf(one.url);
  return names.map((secret) => ({ secret, transition, persona: one.persona ?? null, to: host, answers: placesOf(one) }));
}

function commandUses(transition: string, one: Extract<Transition, { kind: "command" }>): SecretUse[] {
  const program = one.argv?.[0] ?? one.hand;
  return Object.entries(one.secrets ?? {}).map(([variable, secret]) => ({
    ...{ secret, transition, persona: one.persona ?? null, variable, answers: placesOf(one) },
    to: program.includes("${") ? null : program,
  }));
}

/** The key of an agent's engine. */
function engineUses(transition: string, one: Transition): SecretUse[] {
  if (one.kind !== "agent" || one.engine === undefined) return [];
  const { kind, secret } = one.engine;
  return [{ secret, transition, persona: one.persona, to: kind, variable: "ANTHROPIC_API_KEY", answers: placesOf(one) }];
}

const placesOf = (one: Transition) => [...new Set(targetsOf(one, []).map(({ place }) => place))];

function secretsIn(template: Json): string[] {
  return secretNames(compileTemplate(template).expressions);
}

/** Null where a template stands in it. */
function hostOf(url: string): string | null {
  const host = /^https?:\/\/(?:[^/?#]*@)?([^/?#]*)/i.exec(url)?.[1];
  return host === undefined || host.includes("${") ? null : host.replace(/:\d+$/, "").toLowerCase();
}

function ungranted(name: string, { persona }: Transition, uses: readonly SecretUse[], grantsOf: GrantsOf): Finding[] {
  const granted = persona === undefined ? null : grantsOf(persona);
  if (granted === null) return [];
  return uses.flatMap(({ secret }) => {
    if (granted.includes(secret)) return [];
    const message = `transition "${name}" acts for "${persona}", which is not granted the secret ${secret}: it would fail`;
    return [
      warning("secret-not-granted", ["transitions", name, "persona"], message, `list ${secret} under "secrets" in the persona's file`),
    ];
  });
}

function requestFindings(name: string, one: HttpTransition): Finding[] {
  const path = ["transitions", name, "url"];
  const found: Finding[] = [];
  const host = hostOf(one.url);
  if (host === null && one.allow === undefined) {
    const message = `transition "${name}" names a secret, and the data of a token decides which host it goes to`;
    found.push(warning("secret-to-any-host", path, message, 'write the host down, or list the hosts that may have it in "allow"'));
  }
  if (/^http:/i.test(one.url) && !(host !== null && LOOPBACK.test(host)))
    found.push(
      warning("secret-in-the-clear", path, `transition "${name}" sends a secret over http: whoever is on the way reads it`, "use https"),
    );
  if (secretsIn([one.url, (one.query ?? {}) as Json]).length > 0) {
    const message = `transition "${name}" writes a secret into the address: servers and proxies keep addresses in their logs`;
    found.push(warning("secret-in-address", path, message, "send it in a header, as most services take it"));
  }
  return found;
}

/** Whoever says what a program does has what the program was given. */
function commandFindings(name: string, one: Extract<Transition, { kind: "command" }>): Finding[] {
  const path = ["transitions", name, "argv"];
  return (one.argv ?? []).flatMap((argument, at, argv) => {
    const isCode = at === 0 || CODE.test(argv[at - 1] ?? "");
    if (!isCode || !fromData(argument)) return [];
    const what = at === 0 ? "which program runs" : "what its program runs";
    const message = `transition "${name}" is given a secret, and the data of a token decides ${what}`;
    return [
      warning("secret-to-any-program", [...path, at], message, "write the program down, and let the data be an argument that is no code"),
    ];
  });
}

const fromData = (text: string) => compileTemplate(text).roots.some((root) => root !== SECRET);
