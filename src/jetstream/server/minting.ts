/** The JWTs of operator, accounts and users, signed here: a server that knows the operator takes them without a restart. */
import { type Account, encodeAccount, encodeOperator, encodeUser, type User } from "@nats-io/jwt";
import { executorAccount, lookingAccount, petrelAccount, READ_API, systemAccount } from "./accounts.ts";
import { keyPair, publicName } from "./key-pair.ts";
import type { Credentials, ExecutorUser, Login, OperatorKeys } from "./login.ts";
import {
  commandLinePermissions,
  executorPermissions,
  gatewayPermissions,
  masterPermissions,
  type Permissions,
  peoplePermissions,
  readerPermissions,
} from "./permissions.ts";

export const USERS = ["master", "admin", "readonly", "people", "commands", "gateway", "system"] as const;
export type UserName = (typeof USERS)[number];

const GRANTS: Record<UserName, { account: keyof OperatorKeys["accounts"]; permissions: Permissions | null; apiPrefix?: string }> = {
  master: { account: "petrel", permissions: masterPermissions() },
  admin: { account: "petrel", permissions: null },
  commands: { account: "petrel", permissions: commandLinePermissions() },
  gateway: { account: "petrel", permissions: gatewayPermissions() },
  readonly: { account: "readers", permissions: readerPermissions(), apiPrefix: READ_API },
  people: { account: "people", permissions: peoplePermissions(), apiPrefix: READ_API },
  system: { account: "system", permissions: null },
};

/** `seed`: of the user's own key. */
export async function mintUser(keys: OperatorKeys, name: UserName, seed: string): Promise<Login> {
  const { account, permissions, apiPrefix } = GRANTS[name];
  const login = await mint(keys.accounts[account], name, permissions, seed);
  return apiPrefix === undefined ? login : { ...login, apiPrefix };
}

/** `account` and `seed`: seeds of the executor's account and of its user. */
export async function mintExecutor(account: string, name: string, pools: string[] | null, seed: string): Promise<Login> {
  return await mint(account, `executor-${name}`, executorPermissions(name, pools), seed);
}

async function mint(account: string, name: string, permissions: Permissions | null, seed: string): Promise<Login> {
  const rights = permissions === null ? {} : userRights(permissions);
  return { user: await encodeUser(name, keyPair(seed), keyPair(account), rights), password: seed };
}

function userRights({ publish, subscribe, responses }: Permissions): Partial<User> {
  return {
    pub: publish,
    sub: subscribe,
    ...(responses ? { resp: { max: responses.max, ttl: responses.expiresMs * 1_000_000 } } : {}),
  };
}

export interface OperatorClaims {
  operator: string;
  systemAccount: string;
  /** Account JWTs by the accounts' public keys. */
  accounts: Record<string, string>;
}

/** All that servers must know. */
export async function operatorClaims({ executors }: Credentials, keys: OperatorKeys): Promise<OperatorClaims> {
  const operator = keyPair(keys.operator);
  const systemKey = publicName(keys.accounts.system);
  const petrel = publicName(keys.accounts.petrel);
  const enrolled = Object.entries(executors).flatMap(([name, user]) => (user.account ? [{ name, user, seed: user.account }] : []));
  const bodies: [name: string, seed: string, body: Partial<Account>][] = [
    ["petrel-system", keys.accounts.system, systemAccount()],
    ["petrel", keys.accounts.petrel, petrelAccount(Object.fromEntries(enrolled.map(({ name, seed }) => [name, publicName(seed)])))],
    ["petrel-readers", keys.accounts.readers, lookingAccount(petrel, "readers")],
    ["petrel-people", keys.accounts.people, lookingAccount(petrel, "people")],
    ...enrolled.map(({ name, user, seed }): [string, string, Partial<Account>] => [
      `petrel-executor-${name}`,
      seed,
      { ...executorAccount(name, user.pools, petrel), ...revocations(user) },
    ]),
  ];
  const accounts = bodies.map(async ([name, seed, body]): Promise<[string, string]> => {
    const account = keyPair(seed);
    return [account.getPublicKey(), await encodeAccount(name, account, body, { signer: operator })];
  });
  return {
    operator: await encodeOperator("petrel", operator, { system_account: systemKey }),
    systemAccount: systemKey,
    accounts: Object.fromEntries(await Promise.all(accounts)),
  };
}

function revocations(user: ExecutorUser): Partial<Account> {
  return user.revoked === undefined ? {} : { revocations: { [publicName(user.password)]: user.revoked } };
}
