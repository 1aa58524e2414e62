/** Where this state folder's secrets and their keys are: the environment, the key file, the keyring of the system. */
import { writeFileSync } from "node:fs";
import type { Clock } from "../../contract/clock.ts";
import { Terminal } from "../../contract/errors.ts";
import { osKeyring } from "../../executors/os-keyring.ts";
import { environmentKey, fileKey, type KeyPlace, keyFrom, newKey, type SecretKey } from "../../http/secret-keys.ts";
import { makeFolder } from "../make-folder.ts";
import type { StateFolder } from "./state-folder.ts";

interface Setting {
  folder: StateFolder;
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
}

/** Every key that is here, the one to seal with first. Errors: Terminal `secrets-key`. */
export async function secretKeys({ folder, env, clock }: Setting): Promise<SecretKey[]> {
  const inKeyring = await osKeyring(env, clock).read(folder.dir);
  return [environmentKey(env), fileKey(folder.secretKey), inKeyring === null ? null : keyFrom("keyring", inKeyring)].flatMap(
    (key) => key ?? [],
  );
}

/** The key to seal with: the one that is wanted, else the first that is here, else a new one in a file. */
export async function sealingKey(setting: Setting, wanted: KeyPlace | undefined): Promise<SecretKey> {
  const here = await secretKeys(setting);
  const found = wanted === undefined ? here[0] : here.find(({ place }) => place === wanted);
  if (found) return found;
  const text = newKey();
  if (wanted === "environment") {
    throw new Terminal({
      code: "secrets-key",
      message: "PETREL_SECRETS_KEY is not set",
      hint: "export PETREL_SECRETS_KEY=$(openssl rand -base64 32), here and where masters start",
    });
  }
  if (wanted === "keyring") await osKeyring(setting.env, setting.clock).write(setting.folder.dir, text);
  else {
    makeFolder(setting.folder.keys, 0o700);
    writeFileSync(setting.folder.secretKey, `${text}\n`, { mode: 0o600, flag: "wx" });
  }
  return keyFrom(wanted ?? "file", text);
}
