/** Tells servers that run about accounts: they check the operator's signature and keep the claims. */
import { connect } from "@nats-io/transport-node";
import type { Clock } from "../../contract/clock.ts";
import { delay } from "../../contract/clock.ts";
import { Retryable } from "../../contract/errors.ts";
import { clientTls } from "./broker-tls.ts";
import { type Login, loginOptions } from "./login.ts";

const TRIES = 5;

/** In this order. Throws Retryable `claims-not-taken`. */
export async function pushClaims(parts: { url: string; ca?: string; login: Login; clock: Clock; claims: string[] }): Promise<void> {
  const servers = parts.url.split(",");
  for (let tries = 1; ; tries++) {
    try {
      const nc = await connect({
        servers,
        ...loginOptions(parts.login),
        ...clientTls(parts.url, parts.ca),
        timeout: 3000,
        maxReconnectAttempts: 0,
      });
      try {
        for (const claims of parts.claims) await pushOne(nc, claims);
        return;
      } finally {
        await nc.close();
      }
    } catch (cause) {
      if (tries < TRIES) {
        await delay(parts.clock, 200 * tries);
        continue;
      }
      throw new Retryable({
        code: "claims-not-taken",
        message: `the NATS servers at ${parts.url} did not take a change of accounts: ${cause instanceof Error ? cause.message : String(cause)}`,
        hint: "it is in the state folder and holds from their next start on; run the command again when they are up",
        cause,
      });
    }
  }
}

async function pushOne(nc: Awaited<ReturnType<typeof connect>>, claims: string): Promise<void> {
  const answer = await nc.request("$SYS.REQ.CLAIMS.UPDATE", claims, { timeout: 3000 });
  const { error } = answer.json<{ error?: { description?: string } }>();
  if (error) throw new Error(error.description ?? "the server refused the claims");
}
