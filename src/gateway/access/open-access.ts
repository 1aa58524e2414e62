/** Who may call the gateway: its clients, keys and tokens, as they stand on the broker. */
import type { Access } from "../api.ts";
import type { GatewayPorts } from "../ports.ts";
import { AccessBook } from "./access-book.ts";
import { SigningKeys } from "./signing-keys.ts";
import { Throttle } from "./throttle.ts";
import { TOKEN_MS, Tokens } from "./tokens.ts";

export async function openAccess({ broker, clock, ids }: Pick<GatewayPorts, "broker" | "clock" | "ids">): Promise<Access> {
  const bucket = broker.keyValue("access");
  const book = new AccessBook({ bucket, clock, ids });
  await book.open();
  const keys = new SigningKeys(book, clock);
  await keys.prepare(TOKEN_MS);
  return { book, keys, tokens: new Tokens({ book, keys, clock, ids }), throttle: new Throttle(bucket, clock) };
}
