// Stands in for the NATS CLI where it is not installed: the few commands of the tutorial, over the same contexts and the same wire.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, jwtAuthenticator } from "@nats-io/transport-node";

const [flag, name, verb, ...rest] = process.argv.slice(2);
if (flag !== "--context") throw new Error(`not understood: ${process.argv.slice(2).join(" ")}`);
const config = process.env.XDG_CONFIG_HOME ?? join(process.env.HOME ?? "", ".config");
const context = JSON.parse(readFileSync(join(config, "nats", "context", `${name}.json`), "utf8"));
const authenticator = jwtAuthenticator(context.user_jwt, new TextEncoder().encode(context.user_seed));
const connection = await connect({ servers: context.url, authenticator });
const jetstream = () => jetstreamManager(connection, { apiPrefix: context.jetstream_api_prefix, timeout: 60_000 });
const say = (text) => process.stdout.write(`${text}\n`);
const command = [verb, verb === "stream" ? rest.shift() : ""].join(" ").trim();
const commands = {
  "stream ls": async () => {
    for await (const { config, state } of (await jetstream()).streams.list())
      say(`${config.name} ${state.messages}  ${config.description ?? ""}`);
  },
  "stream view": async ([stream]) => {
    const manager = await jetstream();
    const { state } = await manager.streams.info(stream);
    for (let seq = state.first_seq; seq <= state.last_seq; seq++) say((await manager.streams.getMessage(stream, { seq }))?.string());
  },
  req: async ([subject, body]) => say((await connection.request(subject, body, { timeout: 60_000 })).string()),
  pub: async ([subject, body]) => connection.publish(subject, body),
};
if (!commands[command]) throw new Error(`not understood: ${command}`);
await commands[command](rest);
await connection.drain();
