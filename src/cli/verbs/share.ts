/** `petrel share`: an address and a key for somebody on another machine, who may look and change nothing. */
import { usage } from "../../client/usage.ts";
import { Refused, Terminal } from "../../contract/errors.ts";
import { GUEST_ROLE } from "../../gateway/access/guests.ts";
import { openAccess } from "../../gateway/access/open-access.ts";
import { readRuntime } from "../runtime-file.ts";
import { EXIT, type Verb, type VerbCall } from "../verb.ts";

export const shareVerb: Verb = {
  command: "share",
  summary: "print the monitor's address with a key that only reads, for a window on another machine",
  details:
    "The gateway speaks plain HTTP, which anybody on the way can read, the key too: name the address of your proxy with TLS, or force it. Guests' questions to the Domain Expert have a budget of their own, day by day. petrel auth client rm GUEST ends it.",
  examples: [
    "petrel share --url https://petrel.example.org",
    "petrel share --url https://petrel.example.org --net safe-teams --name wallboard",
    "petrel share --force",
  ],
  options: [
    { flags: "--url <address>", about: "where guests reach the gateway (default: where it listens on this machine)" },
    { flags: "--net <net...>", about: "only these nets (default: all)" },
    { flags: "--name <name>", about: "what the guest is called in the list of clients (default: guest and a number)" },
    { flags: "--force", about: "give out an address of plain HTTP all the same" },
  ],
  run: async (call) => {
    const address = addressOf(call);
    const { clock, ids, user } = call.petrel;
    const id = call.text("name") ?? `guest-${ids.next().slice(-8)}`;
    const nets = call.list("net");
    const { clientId, clientSecret } = await call.withBroker(async (broker) => {
      const { book } = await openAccess({ broker, clock, ids });
      try {
        return await book.add({ id, scopes: ["petrel:read"], nets: nets.length === 0 ? null : nets, roles: [GUEST_ROLE], by: user });
      } finally {
        await book.close();
      }
    });
    const key = `${clientId}.${clientSecret}`;
    const link = `${address}/#key=${encodeURIComponent(key)}`;
    call.out.result({ url: link, address, key, client: clientId, scope: "petrel:read", nets: nets.length === 0 ? null : nets }, () =>
      [
        `Open ${link}`,
        `or go to ${address} and paste the key ${key}`,
        `It reads ${nets.length === 0 ? "all nets" : nets.join(", ")} and changes nothing. It is shown this once; to end it: ${call.pasteable(`petrel auth client rm ${clientId}`)}`,
      ].join("\n"),
    );
    return EXIT.ok;
  },
};

/** Errors: usage; Terminal `no-gateway`; Refused `plain-http`. */
function addressOf(call: VerbCall): string {
  const given = call.text("url") ?? readRuntime(call.dir, call.petrel.cwd).gateway;
  if (!given)
    throw new Terminal({
      code: "no-gateway",
      message: "no gateway was started here by petrel up",
      hint: "petrel gateway, and then petrel share --url its-address",
    });
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    throw usage(`--url takes an address, not "${given}"`, "petrel share --url https://petrel.example.org");
  }
  if (url.protocol !== "https:" && !call.on("force"))
    throw new Refused({
      code: "plain-http",
      message: `${url.origin} is plain HTTP: whoever is on the way can read the key and all that is shown; a proxy with TLS hides it, --force gives it out all the same`,
      hint: "petrel share --url https://petrel.example.org",
    });
  return `${url.origin}${url.pathname.replace(/\/$/, "")}`;
}
