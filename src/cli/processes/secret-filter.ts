/** The broker of a master: what is written down besides events (C6) loses the values of secrets on the way. */
import type { Broker } from "../../contract/broker.ts";
import type { SecretFilter } from "../../contract/secret-forms.ts";

export function withoutSecrets(broker: Broker, filter: () => SecretFilter | null): Broker {
  const { artifacts, liveText } = broker;
  return {
    ...broker,
    artifacts: {
      put: (content, type) => artifacts.put(filter()?.stripBytes(content) ?? content, type),
      // From an executor, which knows no secret but those of its attempt, and takes them out itself: the hash is of what is left.
      putStream: (about, pieces) => artifacts.putStream(about, pieces),
      get: (id) => artifacts.get(id),
      list: () => artifacts.list(),
      remove: (id) => artifacts.remove(id),
    },
    liveText: {
      listen: (net, take) => liveText.listen(net, take),
      say: (piece) => liveText.say({ ...piece, text: filter()?.strip(piece.text) ?? piece.text }),
    },
  };
}
