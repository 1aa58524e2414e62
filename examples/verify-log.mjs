// Folds the log of a net and compares it with its place streams: the NATS client alone, nothing of Petrel, as a user
// that may only read. Prints one line a place.      node examples/verify-log.mjs NET STATE_DIR      exits 1 on a difference
import { readFileSync } from "node:fs";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, jwtAuthenticator } from "@nats-io/transport-node";

// Events that move tokens. `started` and `gated` only reserve; a failed attempt before the last leaves all in place.
const moves = ({ type, attributes }) =>
  ["edited", "arrived", "refused", "fired", "expired", "intervened"].includes(type) ||
  (type === "failed" && attributes?.final === true) ||
  type === "decided";

async function compare(manager, net) {
  const [atRest, folded] = [new Map(), new Map()]; // place -> id -> token as JSON
  const of = (marking, place) => marking.get(place) ?? marking.set(place, new Map()).get(place);
  for await (const name of manager.streams.names(`place.${net}.*.*`)) {
    const place = name.slice(`PLACE_${net}_`.length);
    of(folded, place);
    for await (const token of messages(manager, name)) of(atRest, place).set(token.subject.split(".").at(-1), token.string());
  }
  let [epoch, through] = [0, 0];
  for await (const entry of messages(manager, `LOG_${net}`)) {
    const mine = Number(entry.header.get("Petrel-Epoch"));
    if (entry.header.get("Petrel-Entry") === "" || mine < epoch) continue; // a writer whose term was over
    for (const event of entry.json()) {
      if (event.type === "epoch") epoch = mine;
      through = event.seq;
      if (!moves(event)) continue;
      for (const { place, id } of event.consumed ?? []) of(folded, place).delete(id);
      for (const { place, token } of event.produced ?? []) of(folded, place).set(token.id, JSON.stringify(token));
    }
  }
  const lines = [...folded.keys()].sort().map((place) => {
    const [log, stream] = [of(folded, place), of(atRest, place)];
    const bad = [...new Set([...log.keys(), ...stream.keys()])].filter((id) => log.get(id) !== stream.get(id));
    return `${bad.length > 0 ? "DIFFERS" : "same"} ${place}: log ${log.size}, stream ${stream.size} ${bad.join(" ")}`.trim();
  });
  return { lines, through, differ: lines.filter((line) => line.startsWith("DIFFERS")).length };
}
/** All messages in order, from the stream's leader. */
async function* messages(manager, stream) {
  const after = (seq) => manager.streams.getMessage(stream, { seq: seq + 1, next_by_subj: ">" });
  for (let message = await after(0); message; message = await after(message.seq)) yield message;
}
async function main([net, dir]) {
  if (!net || !dir) throw new Error("usage: node verify-log.mjs NET STATE_DIR, for example: safe-teams .petrel/demo");
  const { url: servers, readonly } = JSON.parse(readFileSync(`${dir}/runtime.json`, "utf8")).nats;
  const connection = await connect({ servers, authenticator: jwtAuthenticator(readonly.user, Buffer.from(readonly.password)) });
  const manager = await jetstreamManager(connection, { apiPrefix: readonly.apiPrefix });
  let found = await compare(manager, net);
  // Places are written just after the log: while the system works, a difference may need another look.
  for (let look = 0; found.differ > 0 && look < 10; look++) {
    await new Promise((go) => setTimeout(go, 300));
    found = await compare(manager, net);
  }
  console.log([...found.lines, `${net}: ${found.through} events folded, ${found.lines.length} places, ${found.differ} differ`].join("\n"));
  await connection.close();
  process.exitCode = found.differ > 0 ? 1 : 0;
}
await main(process.argv.slice(2)).catch((error) => console.error(error.message) ?? process.exit(1));
