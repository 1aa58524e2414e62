/** What a context file of the NATS CLI needs: `petrel nats-context` writes these. */
import type { UserPassword } from "./credentials.ts";
import type { ManagedServer } from "./managed.ts";

export interface NatsContext {
  name: string;
  description: string;
  url: string;
  user: string;
  password: string;
}

/** The owner's context and a read-only one. */
export function natsContexts(server: Pick<ManagedServer, "url" | "credentials">, name: string): NatsContext[] {
  const context = (suffix: string, description: string, { user, password }: UserPassword): NatsContext => ({
    name: `${name}${suffix}`,
    description,
    url: server.url,
    user,
    password,
  });
  return [
    context("", "Petrel: everything", server.credentials.admin),
    context("-readonly", "Petrel: look at everything, change nothing", server.credentials.readonly),
  ];
}
