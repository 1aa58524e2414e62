/** The console by stories: a heading whenever another story goes on, and its steps beneath. */
import type { Broker } from "../contract/broker.ts";
import type { NetEvent } from "../contract/event.ts";
import { isJsonObject, type Json } from "../contract/json.ts";
import type { Output } from "./output.ts";

const WORDS = ["title", "text", "request", "name", "summary"];
const NONE = "";

export class StoryLines {
  readonly #broker: Broker;
  readonly #net: string;
  readonly #titles = new Map<string, string>();
  #current: string | null = null;

  constructor(broker: Broker, net: string) {
    this.#broker = broker;
    this.#net = net;
  }

  /** What an event belongs to, for the line of JSON. */
  async about(event: NetEvent): Promise<{ story: string | null; title: string }> {
    const story = event.correlation ?? event.produced?.[0]?.token.correlation ?? NONE;
    const known = this.#titles.get(story) ?? (story === NONE ? "The net itself" : await this.#titleOf(story));
    this.#titles.set(story, known);
    return { story: story === NONE ? null : story, title: known };
  }

  /** The heading before the event's line; nothing while the same story goes on. */
  async heading(event: NetEvent, out: Output): Promise<void> {
    const { story, title } = await this.about(event);
    if (this.#current === (story ?? NONE)) return;
    const first = this.#current === null;
    this.#current = story ?? NONE;
    const id = story === null ? "" : ` ${out.paint.dim(story)}`;
    out.line({}, () => `${first ? "" : "\n"}${out.paint.bold(title)}${id}`);
  }

  async #titleOf(correlation: string): Promise<string> {
    const found: NetEvent[] = [];
    const take = (event: NetEvent) =>
      found.length === 0 && (event.correlation ?? event.produced?.[0]?.token.correlation) === correlation && found.push(event);
    await this.#broker.log(this.#net).read(0, ({ events }) => events.forEach(take), { holding: correlation });
    const [first] = found;
    return titleIn(first?.produced?.[0]?.token.data ?? null) ?? first?.summary ?? correlation;
  }
}

function titleIn(data: Json): string | null {
  if (typeof data === "string" && data.trim() !== "") return data.slice(0, 140);
  if (!isJsonObject(data)) return null;
  const word = WORDS.find((name) => typeof data[name] === "string" && String(data[name]).trim() !== "");
  return word === undefined ? null : String(data[word]).slice(0, 140);
}
