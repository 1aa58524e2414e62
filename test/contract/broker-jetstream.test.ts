import { connect, errors, type NatsConnection } from "@nats-io/transport-node";
import { subjects } from "../../src/contract/subjects.ts";
import { loginOptions } from "../../src/jetstream/server/login.ts";
import { startCluster } from "../support/cluster.ts";
import { ServerCluster } from "../support/server-cluster.ts";
import { waitUntil } from "../support/wait-until.ts";
import { askedAgain } from "./asked-again.ts";
import { brokerContract } from "./broker.contract.ts";

for (const durability of ["fsync", "memory"] as const) {
  brokerContract(`JetStream, ${durability}`, async () => {
    const cluster = await startCluster({ durability });
    const { url, credentials } = cluster.server();
    const outside = await connect({ servers: url, ...loginOptions(credentials.admin) });
    return {
      broker: async () => askedAgain(await cluster.connect()),
      executor: (name) => cluster.connectExecutor(name),
      letter: async (net, place, payload) => {
        outside.publish(subjects.letter(net, place), payload);
        await outside.flush();
      },
      end: async () => {
        await outside.close();
        await cluster.end();
      },
    };
  });
}

brokerContract("JetStream, a cluster of three, replicated", async () => {
  const cluster = await ServerCluster.start(["ex", "ey"]);
  const login = loginOptions(cluster.credentials.admin);
  const outside = await connect({ servers: cluster.urls.split(","), ...login });
  return {
    broker: async () => askedAgain(await cluster.connect()),
    executor: (name) => cluster.connectExecutor(name),
    letter: (net, place, payload) => sentWhereHeard(outside, subjects.letter(net, place), payload),
    end: async () => {
      await outside.close();
      await cluster.end();
    },
  };
});

/** Each server hears a moment later than the others who listens to what: a letter that reaches nobody is lost, and not counted as sent. */
async function sentWhereHeard(outside: NatsConnection, subject: string, payload: string): Promise<void> {
  await waitUntil(`somebody hears ${subject}`, () =>
    outside.request(subject, payload, { timeout: 2000 }).then(
      () => true,
      // Where only a master listens nobody answers.
      (error: unknown) => !(error instanceof errors.RequestError && error.isNoResponders()),
    ),
  );
}
