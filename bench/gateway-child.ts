/** A gateway in a process of its own, as `petrel up` starts it. Prints its address and a client's key; ends with its standard input. */
import { silentLogger } from "../src/contract/logger.ts";
import type { Scope } from "../src/gateway/access/scopes.ts";
import { startGateway } from "../src/gateway/gateway.ts";
import { connectBroker } from "../src/jetstream/connect.ts";
import { clock, ids } from "./bed.ts";

const [url = "", user = "", password = "", monitor = "", scope = "petrel:operate"] = process.argv.slice(2);
const broker = await connectBroker({ url, user, password, clock, ids, name: "bench-gateway" });
const gateway = await startGateway(
  { broker, clock, ids, logger: silentLogger, version: "0", monitor: monitor || null },
  { host: "127.0.0.1", port: 0 },
);
const { clientSecret } = await gateway.access.book.add({ id: "bench", scopes: [scope as Scope], nets: null, roles: [], by: "bench" });
process.stdout.write(`${JSON.stringify({ url: gateway.url, secret: clientSecret })}\n`);
process.stdin.resume().on("end", () => process.exit());
