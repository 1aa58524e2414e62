/** The broker port on JetStream: one connection of a master, the command line or a reader. */
import type { Broker, EventLog, PlaceStreams } from "../contract/broker.ts";
import type { IdSource } from "../contract/ids.ts";
import type { KeyValue } from "../contract/key-value.ts";
import { buckets, SHARED_BUCKETS, streams, subjects } from "../contract/subjects.ts";
import { JetStreamArtifacts } from "./artifacts.ts";
import { Bucket } from "./bucket.ts";
import { JetStreamCheckpoints } from "./checkpoints.ts";
import { jetStreamCommands } from "./commands.ts";
import { JetStreamControl } from "./control.ts";
import { jetStreamDoor } from "./door.ts";
import { Enrolments } from "./enrolments.ts";
import { jetStreamHandover } from "./handover.ts";
import { inMemory, type Keeping } from "./keeping.ts";
import { jetStreamKeyValue } from "./key-value.ts";
import { JetStreamLeases } from "./leases.ts";
import type { Link } from "./link.ts";
import { liveEvents } from "./live-events.ts";
import { liveOutput } from "./live-output.ts";
import { liveText } from "./live-text.ts";
import { JetStreamLog } from "./log.ts";
import { jetStreamMasters } from "./masters.ts";
import { Objects } from "./object-store.ts";
import { JetStreamPlaces } from "./places.ts";
import { Presence } from "./presence.ts";
import { declareResults } from "./results.ts";
import { declareStream, streamInfo, streamNames } from "./streams.ts";
import { JetStreamVersions } from "./versions.ts";
import { JetStreamWorkDesk } from "./work-desk.ts";

export function jetStreamBroker(link: Link, options: { ids: IdSource; keeping: Keeping }): Broker {
  const { keeping } = options;
  const logs = new Map<string, EventLog>();
  const places = new Map<string, PlaceStreams>();
  const shared = new Map<string, KeyValue>();
  const keyValue: Broker["keyValue"] = (name) =>
    remembered(shared, name, () => jetStreamKeyValue(link, buckets[name], keeping, SHARED_BUCKETS[name]));
  const enrolments = new Enrolments(() => keyValue("enrolled"));
  const presence = new Presence(link, inMemory(keeping), { enrolments, held: () => keyValue("held") });
  const bucket = (name: string, description: string) => new Bucket(link, name, { ...keeping, description });
  const objects = (name: string, description: string) => new Objects(link, name, { ...keeping, description });
  return {
    // One log object for each net, so that "one append in flight" is watched over all its users.
    log: (net) => remembered(logs, net, () => new JetStreamLog(link, net)),
    places: (net) => remembered(places, net, () => new JetStreamPlaces(link, net, keeping)),
    declareNet: (net) => declareNet(link, net, keeping),
    nets: async () => {
      const names = await streamNames(link, subjects.logAll());
      return names
        .filter((name) => name.startsWith(streams.log("")))
        .map((name) => name.slice(streams.log("").length))
        .sort();
    },
    copies: (net) => logCopies(link, net),
    door: jetStreamDoor(link, keeping),
    commands: jetStreamCommands(link),
    handover: jetStreamHandover(link),
    work: new JetStreamWorkDesk(link, { ids: options.ids, keeping, presence, enrolments }),
    netVersions: new JetStreamVersions(link, bucket(buckets.nets, "Every version of every net, by the hash of its content")),
    personaVersions: new JetStreamVersions(link, bucket(buckets.personas, "Every version of every persona, by the hash of its content")),
    control: new JetStreamControl(link, keeping),
    leases: new JetStreamLeases(link, inMemory(keeping)),
    masters: jetStreamMasters(link, inMemory(keeping)),
    checkpoints: new JetStreamCheckpoints(objects(buckets.checkpoints, "Whole states of nets, to shorten the replay of their logs")),
    artifacts: new JetStreamArtifacts(
      objects(buckets.artifacts, "Prompts, logs, diffs and other big payloads, by the hash of their content"),
      link.clock,
    ),
    keyValue,
    live: liveEvents(link),
    liveText: liveText(link),
    liveOutput: liveOutput(link),
    onConnection: (call) => void link.onConnection(call),
    close: async () => {
      await presence.stop();
      await enrolments.close();
      await link.close();
    },
  };
}

function remembered<T>(known: Map<string, T>, key: string, make: () => T): T {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}

async function declareNet(link: Link, net: string, keeping: Keeping): Promise<void> {
  await declareStream(link, {
    name: streams.log(net),
    subjects: [subjects.log(net)],
    retention: "limits",
    ...keeping,
    allow_direct: true,
    deny_delete: true,
    description: `Event log of net ${net}, the truth: one message is one entry, a JSON array of events. Only its owner writes here.`,
    metadata: { net, role: "log" },
  });
  await declareResults(link, keeping, net);
}

async function logCopies(link: Link, net: string): Promise<{ kept: number; current: number }> {
  const info = await streamInfo(link, streams.log(net));
  const followers = info?.cluster?.replicas ?? [];
  return { kept: info?.config.num_replicas ?? 0, current: info === null ? 0 : 1 + followers.filter(({ current }) => current).length };
}
