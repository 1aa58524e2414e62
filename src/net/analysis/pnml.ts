/**
 * P/T nets of ISO/IEC 15909-2 (PNML): places, transitions, arcs, names, initial markings and arc weights, on any number of
 * pages. Graphics, other labels and what tools add for themselves are passed over; what would change the behaviour and is
 * not a P/T net (inhibitor arcs, colours) is refused.
 */
import { Terminal } from "../../contract/errors.ts";
import { type PetriNet, type PetriPlace, type PetriTransition, transition } from "./petri-net.ts";
import { parseXml, type XmlElement } from "./xml-tree.ts";

/** The largest number of tokens or arc weight that is taken. */
const MOST = 1_000_000_000;

/** Errors: Terminal `pnml-invalid` and those of `parseXml`, with `where` as file:line:column. */
export function readPnml(text: string, file: string): PetriNet {
  const root = parseXml(text, file);
  if (root.name !== "pnml") throw pnmlError(file, root, `the first element is <${root.name}>, not <pnml>`);
  const nets = root.children.filter(({ name }) => name === "net");
  const net = nets[0];
  if (!net) throw pnmlError(file, root, "there is no <net> in it");
  if (nets[1]) throw pnmlError(file, nets[1], `there are ${nets.length} nets in it`, "keep one net in a file");
  const type = net.attributes.get("type") ?? "";
  if (!/ptnet$/i.test(type)) {
    throw pnmlError(file, net, `its type is "${type}"`, "only P/T nets are read: http://www.pnml.org/version-2009/grammar/ptnet");
  }
  return new Reader(file).net(net);
}

class Reader {
  readonly #file: string;
  readonly #places: PetriPlace[] = [];
  readonly #transitions: PetriTransition[] = [];
  readonly #nodes = new Map<string, { place: number } | { transition: number }>();
  /** Reference nodes: other names, on other pages, for the same node. */
  readonly #references = new Map<string, { to: string; element: XmlElement }>();
  readonly #arcs: XmlElement[] = [];
  readonly #ids = new Set<string>();

  constructor(file: string) {
    this.#file = file;
  }

  net(element: XmlElement): PetriNet {
    this.#page(element);
    for (const arc of this.#arcs) this.#arc(arc);
    const id = element.attributes.get("id") ?? "net";
    return { id, name: labelOf(element, "name") ?? id, places: this.#places, transitions: this.#transitions };
  }

  #page(element: XmlElement): void {
    for (const child of element.children) {
      switch (child.name) {
        case "page":
          this.#page(child);
          break;
        case "place":
          this.#nodes.set(this.#id(child), { place: this.#places.length });
          this.#places.push(this.#place(child));
          break;
        case "transition": {
          const id = this.#id(child);
          this.#nodes.set(id, { transition: this.#transitions.length });
          this.#transitions.push(transition(id, { name: labelOf(child, "name") ?? id }));
          break;
        }
        case "referencePlace":
        case "referenceTransition":
          this.#references.set(this.#id(child), { to: child.attributes.get("ref") ?? "", element: child });
          break;
        case "arc":
          this.#arcs.push(child);
          break;
      }
    }
  }

  #place(element: XmlElement): PetriPlace {
    const id = element.attributes.get("id") as string;
    return { id, name: labelOf(element, "name") ?? id, initial: this.#number(element, "initialMarking", 0, 0) };
  }

  #arc(element: XmlElement): void {
    const kind = element.children.find(({ name }) => name === "type" || name === "arctype");
    const word = kind && (kind.attributes.get("value") ?? kind.children[0]?.text ?? kind.text).trim();
    if (kind && word !== "normal") throw pnmlError(this.#file, kind, `an arc of type "${word}" is not part of a P/T net`);
    const from = this.#node(element, "source");
    const to = this.#node(element, "target");
    const id = this.#id(element);
    const weight = this.#number(element, "inscription", 1, 1);
    if ("place" in from && "transition" in to) this.#transitions[to.transition]?.consume.push({ place: from.place, weight, id });
    else if ("transition" in from && "place" in to) this.#transitions[from.transition]?.produce.push({ place: to.place, weight, id });
    else throw pnmlError(this.#file, element, `arc "${id}" joins two ${"place" in from ? "places" : "transitions"}`);
  }

  #node(arc: XmlElement, end: "source" | "target"): { place: number } | { transition: number } {
    let id = arc.attributes.get(end) ?? "";
    const passed = new Set<string>();
    for (let reference = this.#references.get(id); reference; reference = this.#references.get(id)) {
      if (passed.has(id)) throw pnmlError(this.#file, reference.element, `reference "${id}" leads back to itself`);
      passed.add(id);
      id = reference.to;
    }
    const node = this.#nodes.get(id);
    if (!node)
      throw pnmlError(this.#file, arc, `the ${end} of arc "${arc.attributes.get("id") ?? ""}" is "${id}", which is not in the net`);
    return node;
  }

  #id(element: XmlElement): string {
    const id = element.attributes.get("id");
    if (id === undefined || id === "") throw pnmlError(this.#file, element, `<${element.name}> has no id`);
    if (this.#ids.has(id)) throw pnmlError(this.#file, element, `the id "${id}" stands twice in the net`);
    this.#ids.add(id);
    return id;
  }

  #number(element: XmlElement, label: string, otherwise: number, least: number): number {
    const text = labelOf(element, label);
    if (text === undefined || text === "") return otherwise;
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= MOST) return value;
    const where = element.children.find(({ name }) => name === label) ?? element;
    throw pnmlError(this.#file, where, `<${label}> is "${text}", not a whole number from ${least} to ${MOST}`);
  }
}

/** The text of a label, without the blanks around it. */
function labelOf(element: XmlElement, label: string): string | undefined {
  const found = element.children.find(({ name }) => name === label);
  return found?.children.find(({ name }) => name === "text")?.text.trim();
}

function pnmlError(file: string, { line, column }: XmlElement, problem: string, hint = "correct the file"): Terminal {
  const where = `${file}:${line}:${column}`;
  return new Terminal({ code: "pnml-invalid", message: `${where} is no PNML that is understood: ${problem}`, where, hint });
}
