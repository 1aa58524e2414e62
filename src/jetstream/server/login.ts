/** Who logs in to the servers, and how a connection shows it. */
import type { ConnectionOptions } from "@nats-io/transport-node";
import { keyPair } from "./key-pair.ts";

export interface Login {
  /** A user's name, or its JWT as the operator of the servers signed it. */
  user: string;
  /** Its password, or the seed of its key (`SU...`). */
  password: string;
  /** Where this user finds JetStream's API; default `$JS.API`. */
  apiPrefix?: string;
}

export interface ExecutorUser extends Login {
  /** Pools that it may pull from; null means every pool. */
  pools: string[] | null;
  /** Seed of its account; absent in a list of passwords. */
  account?: string;
  /** What it was enrolled with: its credentials may say no more. */
  labels?: string[];
  /** Seconds since the epoch; its user is turned away since then. */
  revoked?: number;
}
export interface OperatorKeys {
  /** Seeds. */
  operator: string;
  accounts: Record<"system" | "petrel" | "readers" | "people", string>;
}
export interface Credentials {
  master: Login;
  /** May do everything in Petrel's account: for backups, and for repairs by hand. */
  admin: Login;
  /** For the NATS CLI of those who only look. */
  readonly: Login;
  /** For the NATS CLI of the owner. */
  people?: Login;
  /** For Petrel's own commands. */
  commands?: Login;
  gateway?: Login;
  /** In the system account: it pushes the claims of accounts. */
  system?: Login;
  /** Absent in a list of passwords. */
  keys?: OperatorKeys;
  /** By executor name. */
  executors: Record<string, ExecutorUser>;
}

export const hasJwt = ({ user, password }: Login): boolean => user.startsWith("ey") && password.startsWith("SU");

/** The part of the client's options that says who connects. */
export function loginOptions(login: Login): Pick<ConnectionOptions, "user" | "pass" | "authenticator"> {
  if (!hasJwt(login)) return { user: login.user, pass: login.password };
  const key = keyPair(login.password);
  return {
    authenticator: (nonce) => ({
      jwt: login.user,
      nkey: key.getPublicKey(),
      sig: nonce === undefined ? "" : Buffer.from(key.sign(Buffer.from(nonce))).toString("base64url"),
    }),
  };
}
