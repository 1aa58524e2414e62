/** Clients of the gateway: who may call it, and with which scopes. */
import type { Json } from "../../contract/json.ts";
import { openAccess } from "../../gateway/access/open-access.ts";
import { parseScopes, scopeText } from "../../gateway/access/scopes.ts";
import type { Access } from "../../gateway/api.ts";
import { EXIT, type Verb, type VerbCall } from "../verb.ts";

const ONCE = "The secret is shown this once; only a hash of it is kept.";

export const authAddVerb: Verb = {
  command: "auth client add <name>",
  summary: "add a client of the gateway, and print its secret once",
  details: `${ONCE} Scopes: petrel:read, petrel:operate, petrel:gate (for people, with --role), petrel:admin.`,
  examples: [
    "petrel auth client add wallboard --scope petrel:read",
    "petrel auth client add ci --scope petrel:operate --net safe-teams --json",
    "petrel auth client add ada --scope petrel:gate --role maintainer",
  ],
  options: [
    { flags: "--scope <scope...>", about: "what it may do (default: petrel:read)" },
    { flags: "--net <net...>", about: "only these nets (default: all)" },
    { flags: "--role <role...>", about: "roles of the person, for gates" },
  ],
  run: async (call) => {
    const words = [
      ...(call.list("scope").length > 0 ? call.list("scope") : ["petrel:read"]),
      ...call.list("net").map((net) => `net:${net}`),
    ];
    const grant = parseScopes(words.join(" "));
    const made = await withAccess(call, ({ book }) =>
      book.add({ id: call.arg("name"), ...grant, roles: call.list("role"), by: call.petrel.user }),
    );
    return shown(call, { ...made, scope: scopeText(grant) });
  },
};

export const authRotateVerb: Verb = {
  command: "auth client rotate <name>",
  summary: "give a client a new secret; its tokens are void at once",
  details: ONCE,
  examples: ["petrel auth client rotate ci"],
  run: async (call) => shown(call, await withAccess(call, ({ book }) => book.rotate(call.arg("name"), call.petrel.user))),
};

export const authRemoveVerb: Verb = {
  command: "auth client rm <name>",
  summary: "remove a client; its tokens are void at once",
  examples: ["petrel auth client rm ci"],
  run: async (call) => {
    const id = call.arg("name");
    await withAccess(call, ({ book }) => book.remove(id, call.petrel.user));
    call.out.result({ removed: id }, () => `${id} is removed; its tokens are void`);
    return EXIT.ok;
  },
};

export const authLsVerb: Verb = {
  command: "auth client ls",
  summary: "list the clients of the gateway",
  examples: ["petrel auth client ls", "petrel auth client ls --json"],
  run: async (call) => {
    const clients = await withAccess(call, async ({ book }) => book.clients().map(({ secret: _, removed: __, ...client }) => client));
    call.out.result(clients as unknown as Json, () =>
      clients.length === 0
        ? "no client yet: petrel auth client add NAME"
        : call.out.table(
            ["CLIENT", "SCOPE", "ROLES", "SINCE", "BY"],
            clients.map((client) => [
              client.id,
              scopeText(client),
              client.roles.join(" ") || "-",
              client.createdAt.slice(0, 19),
              client.createdBy,
            ]),
          ),
    );
    return EXIT.ok;
  },
};

export const authLogVerb: Verb = {
  command: "auth log",
  summary: "who changed what of the access",
  examples: ["petrel auth log", "petrel auth log --json"],
  run: async (call) => {
    const rows = await withAccess(call, ({ book }) => book.audit());
    call.out.result(rows as unknown as Json, () =>
      call.out.table(
        ["AT", "BY", "DID", "CLIENT"],
        rows.map(({ at, by, did, client }) => [at.slice(0, 19), by, did, client]),
      ),
    );
    return EXIT.ok;
  },
};

export const authRotateKeyVerb: Verb = {
  command: "auth rotate-key",
  summary: "sign with a new key from now on; tokens of the old one stay good until they end",
  examples: ["petrel auth rotate-key"],
  run: async (call) => {
    const { kid } = await withAccess(call, ({ keys }) => keys.rotate(call.petrel.user));
    call.out.result({ kid }, () => `new tokens are signed with the key ${kid}`);
    return EXIT.ok;
  },
};

function withAccess<T>(call: VerbCall, work: (access: Access) => Promise<T>): Promise<T> {
  const { clock, ids } = call.petrel;
  return call.withBroker(async (broker) => {
    const access = await openAccess({ broker, clock, ids });
    try {
      return await work(access);
    } finally {
      await access.book.close();
    }
  });
}

function shown(call: VerbCall, made: { clientId: string; clientSecret: string; scope?: string }) {
  call.out.result(made as unknown as Json, () =>
    [
      `client_id      ${made.clientId}`,
      `client_secret  ${made.clientSecret}`,
      ...(made.scope === undefined ? [] : [`scope          ${made.scope}`]),
      ONCE,
    ].join("\n"),
  );
  return EXIT.ok;
}
