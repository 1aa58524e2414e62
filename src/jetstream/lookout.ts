/**
 * Consumers for those who only look (`nats stream view` needs one). A consumer delivers to whatever subject it names, so readers may
 * not make theirs: they ask here, and get one that gives only what is pulled from it.
 * K1 Nothing that a reader says of a consumer is taken over but where it begins and which subjects it shows.
 * K2 Work queues are left out, since what is pulled from them is work, and buckets of secrets.
 * K3 Only consumers made here are deleted here.
 */
import * as z from "zod";
import { errorData } from "../contract/errors.ts";
import type { Serving } from "../contract/serving.ts";
import { buckets, streams, WORKERS } from "../contract/subjects.ts";
import { serve } from "./answering.ts";
import { ApiFailure, api } from "./jetstream-api.ts";
import type { Link } from "./link.ts";
import { LOOKOUT } from "./server/accounts.ts";

const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const MARK = { petrel: "lookout" } as const;
const SECRET = [buckets.access, buckets.secrets].map((bucket) => `KV_${bucket}`);
const IDLE_NS = 60_000_000_000;
/** The masters of one broker share the requests. */
const QUEUE = "lookouts";

const wish = z.object({
  config: z.object({
    name: z.string().optional(),
    durable_name: z.string().optional(),
    deliver_subject: z.string().optional(),
    deliver_policy: z.enum(["all", "last", "new", "by_start_sequence", "by_start_time", "last_per_subject"]).optional(),
    opt_start_seq: z.int().optional(),
    opt_start_time: z.string().optional(),
    filter_subject: z.string().optional(),
    filter_subjects: z.array(z.string()).optional(),
    headers_only: z.boolean().optional(),
  }),
});

export function serveLookout(link: Link): Promise<Serving> {
  return serve(
    link,
    `${LOOKOUT}.CONSUMER.>`,
    async (msg) => {
      const [, , verb, stream = "", name = ""] = msg.subject.split(".");
      try {
        return JSON.stringify(verb === "CREATE" ? await create(link, stream, name, msg.data) : await remove(link, stream, name));
      } catch (error) {
        const failure = error instanceof ApiFailure ? error.apiCode : undefined;
        return JSON.stringify({ error: { code: 400, ...(failure ? { err_code: failure } : {}), description: errorData(error).message } });
      }
    },
    { queue: QUEUE },
  );
}

async function create(link: Link, stream: string, named: string, body: Uint8Array): Promise<object> {
  const { config } = wish.parse(JSON.parse(new TextDecoder().decode(body)));
  if (config.deliver_subject) throw new Error("a consumer that delivers by itself is not for readers; pull from one");
  // K2
  if (!NAME.test(stream) || stream.startsWith(streams.work("")) || SECRET.includes(stream))
    throw new Error(`${stream} is nothing to view: nats stream get shows it`);
  const name = config.name || config.durable_name || named;
  if (!NAME.test(name) || name === WORKERS) throw new Error("the consumer needs a name of letters, digits, _ and -");
  const { deliver_policy = "all", opt_start_seq, opt_start_time, filter_subject, filter_subjects, headers_only } = config;
  // K1
  const granted = {
    ...{ name, deliver_policy, opt_start_seq, opt_start_time, filter_subject, filter_subjects, headers_only },
    ...{ ack_policy: "none", replay_policy: "instant", inactive_threshold: IDLE_NS, mem_storage: true, num_replicas: 1 },
    ...{ description: "Somebody looks", metadata: MARK },
  };
  return await api<object>(link, `CONSUMER.CREATE.${stream}.${name}`, { stream_name: stream, config: granted, action: "create" });
}

async function remove(link: Link, stream: string, name: string): Promise<object> {
  if (!NAME.test(stream) || !NAME.test(name)) throw new Error("no such consumer");
  const { config } = await api<{ config: { metadata?: Record<string, string> } }>(link, `CONSUMER.INFO.${stream}.${name}`);
  if (config.metadata?.petrel !== MARK.petrel) throw new Error(`${name} is not a reader's consumer`); // K3
  return await api<object>(link, `CONSUMER.DELETE.${stream}.${name}`);
}
