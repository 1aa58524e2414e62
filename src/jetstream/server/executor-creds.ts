/**
 * The file that an executor joins with: the credentials of its user as every NATS tool reads them, and what it must know of its
 * masters. It holds a secret.
 */
import * as z from "zod";
import { Terminal } from "../../contract/errors.ts";
import { NAME_PATTERN } from "../../contract/ids.ts";

const about = z.object({
  v: z.literal(1),
  name: z.string().regex(NAME_PATTERN),
  pools: z.array(z.string().regex(NAME_PATTERN)).nullable(),
  labels: z.array(z.string()),
  /** Addresses of the broker, with commas between. */
  url: z.string().min(1),
  /** The masters' public key, as PEM. */
  orders: z.string().min(1),
  /** PEM of who signed the certificate of the broker, where the machine does not know it. */
  ca: z.string().optional(),
});

export interface ExecutorCreds extends z.output<typeof about> {
  user: string;
  password: string;
}

const block = (name: string, content: string) => `-----BEGIN ${name}-----\n${content}\n------END ${name}------\n`;
const MARKS = { jwt: "NATS USER JWT", seed: "USER NKEY SEED", about: "PETREL EXECUTOR" } as const;

export function formatCreds({ user, password, ...rest }: ExecutorCreds): string {
  const wrapped =
    Buffer.from(JSON.stringify(rest))
      .toString("base64")
      .match(/.{1,76}/g) ?? [];
  return [
    block(MARKS.jwt, user),
    "************************* IMPORTANT *************************\nWhoever has this file can work as this executor. Keep it secret.\n",
    block(MARKS.seed, password),
    block(MARKS.about, wrapped.join("\n")),
  ].join("\n");
}

/** Throws Terminal `creds-unreadable`. */
export function parseCreds(text: string, file: string): ExecutorCreds {
  const part = (name: string) => new RegExp(`-----BEGIN ${name}-----\\s+([A-Za-z0-9+/=_.\\s-]+?)\\s+-{3,}END ${name}-`).exec(text)?.[1];
  const [user, password, rest] = [part(MARKS.jwt), part(MARKS.seed), part(MARKS.about)];
  try {
    if (!user || !password || !rest) throw new Error("a part of it is missing");
    return { ...about.parse(JSON.parse(Buffer.from(rest, "base64").toString("utf8"))), user, password };
  } catch (cause) {
    throw new Terminal({
      code: "creds-unreadable",
      message: `${file} holds no credentials of an executor: ${cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message}`,
      hint: "make them on the master's side: petrel executor enroll NAME",
      where: file,
      cause,
    });
  }
}
