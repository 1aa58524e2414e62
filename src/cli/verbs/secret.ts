/** Secrets: set, listed by name, removed. A value is never printed, and never an argument, which everybody on the machine could see. */
import { usage } from "../../client/usage.ts";
import { isoTime } from "../../contract/clock.ts";
import { Terminal } from "../../contract/errors.ts";
import { HOST_PATTERN, HOST_RULE } from "../../contract/host-pattern.ts";
import { SECRET_PATTERN } from "../../contract/ids.ts";
import type { Json } from "../../contract/json.ts";
import { SHORTEST_SECRET } from "../../contract/secret-forms.ts";
import { removeSecret, storedSecrets, storeSecret } from "../../http/sealed-secrets.ts";
import { KEY_PLACES, type KeyPlace } from "../../http/secret-keys.ts";
import { sealingKey, secretKeys } from "../processes/secret-vault.ts";
import { stateFolder } from "../processes/state-folder.ts";
import { EXIT, type Verb, type VerbCall } from "../verb.ts";

export const secretSetVerb: Verb = {
  command: "secret set <name>",
  summary: "keep a secret for http and command steps; its value is read from standard input or asked for",
  details:
    "Sealed with AES-256-GCM before it goes to the broker, by a key that stays here: PETREL_SECRETS_KEY, keys/secrets.key in the state folder (made on the first call, mode 0600), or the keyring of the system.",
  examples: ["petrel secret set github_token < token.txt", "petrel secret set shop_key --host api.example.com --net orders"],
  options: [
    { flags: "--host <host...>", about: "the only hosts that http steps may send it to" },
    { flags: "--net <net...>", about: "the only nets that may use it" },
    {
      flags: "--key <place>",
      about: "where the key is, or is put: environment, file or keyring (default: where one is, else file)",
      choices: KEY_PLACES,
    },
  ],
  run: async (call) => {
    const name = nameOf(call);
    const hosts = call.list("host");
    const wrong = hosts.find((host) => !HOST_PATTERN.test(host));
    if (wrong !== undefined) throw usage(`"${wrong}" names no host`, HOST_RULE);
    const value = await readValue(call, name);
    const { clock, env, user } = call.petrel;
    const nets = call.list("net");
    const key = await sealingKey({ folder: stateFolder(call.dir), env, clock }, call.text("key") as KeyPlace | undefined);
    const about = { name, hosts: hosts.length > 0 ? hosts : null, nets: nets.length > 0 ? nets : null, at: isoTime(clock.now()), by: user };
    await call.withBroker((broker) => storeSecret(broker.keyValue("secrets"), key, value, about));
    call.out.result({ ...about, key: key.place }, () => `${name} is kept, sealed with the key in the ${key.place}.`);
    return EXIT.ok;
  },
};

export const secretLsVerb: Verb = {
  command: "secret ls",
  summary: "names of the secrets, where they may go, and whether their key is here; never a value",
  examples: ["petrel secret ls", "petrel secret ls --json"],
  run: async (call) => {
    const { clock, env } = call.petrel;
    const keys = await secretKeys({ folder: stateFolder(call.dir), env, clock });
    const all = await call.withBroker((broker) => storedSecrets(broker.keyValue("secrets")));
    const rows = all.map(({ sealed: _, key, ...rest }) => ({ ...rest, key: keys.find(({ id }) => id === key)?.place ?? null }));
    call.out.result(rows as unknown as Json, () =>
      rows.length === 0
        ? "There is no secret. petrel secret set NAME keeps one."
        : call.out.table(
            ["name", "hosts", "nets", "key", "set", "by"],
            rows.map(({ name, hosts, nets, key, at, by }) => [name, list(hosts), list(nets), key ?? "not here", at.slice(0, 16), by]),
          ),
    );
    return EXIT.ok;
  },
};

export const secretRmVerb: Verb = {
  command: "secret rm <name>",
  summary: "remove a secret; what needs it pauses its net",
  examples: ["petrel secret rm github_token"],
  run: async (call) => {
    const name = nameOf(call);
    const about = { at: isoTime(call.petrel.clock.now()), by: call.petrel.user };
    const removed = await call.withBroker((broker) => removeSecret(broker.keyValue("secrets"), name, about));
    if (!removed) throw new Terminal({ code: "secret-missing", message: `there is no secret ${name}`, hint: "petrel secret ls" });
    call.out.result({ name, removed }, () => `${name} is removed.`);
    return EXIT.ok;
  },
};

function nameOf(call: VerbCall): string {
  const name = call.arg("name");
  if (!SECRET_PATTERN.test(name))
    throw usage(`"${name}" names no secret`, "a lower-case letter and up to 47 of a-z, 0-9 and _, like github_token");
  return name;
}

async function readValue(call: VerbCall, name: string): Promise<string> {
  const asked = await call.petrel.askHidden(`Value of ${name}:`);
  const value = (asked ?? (await call.petrel.readStdin())).replace(/\r?\n$/, "");
  if (value === "") throw usage(`no value for ${name} came in`, `petrel secret set ${name} < FILE`);
  if (value.length < SHORTEST_SECRET) {
    const why = `a value of under ${SHORTEST_SECRET} characters could not be told from other text, and so not be kept out of logs`;
    throw usage(`${name}: ${why}`, "give a longer one");
  }
  return value;
}

function list(names: string[] | null): string {
  return names === null ? "all" : names.join(", ");
}
