/**
 * Which hosts a request may go to.
 *
 * H1 A name says nothing about where it leads: the address that is connected to decides, at every connection anew.
 * H2 An address that is not public is reached only where the installation lists it as an address; a listed name that points
 * there does not open it (a name's owner could point it anywhere). H3 A net narrows what the installation allows, never widens it.
 */
import ipaddr from "ipaddr.js";
import { Terminal } from "../contract/errors.ts";
import { HOST_PATTERN, HOST_RULE } from "../contract/host-pattern.ts";

type Address = ipaddr.IPv4 | ipaddr.IPv6;

interface Entry {
  /** Host name in lower case; `*` for all. Null for an address. */
  name: string | null;
  /** Of a `*.name`: every name below it. */
  below: boolean;
  range: [Address, number] | null;
  port: number | null;
}
export type HostList = readonly Entry[];

export interface Target {
  /** As in the URL, in lower case, without brackets. */
  host: string;
  port: number;
}

/** Errors: Terminal `host-list`. */
export function parseHostList(texts: readonly string[]): HostList {
  return texts.map(parseEntry);
}

function parseEntry(text: string): Entry {
  const parts = /^(\[[^\]]+\]|[^:/]+)(\/\d+)?(:\d+)?$/.exec(text.toLowerCase());
  if (!HOST_PATTERN.test(text) || !parts) throw wrong(text);
  const [, host = "", bits, portText] = parts;
  const port = portText === undefined ? null : Number(portText.slice(1));
  const bare = bareHost(host);
  if (!ipaddr.IPv4.isValidFourPartDecimal(bare) && !ipaddr.IPv6.isValid(bare)) {
    if (bits !== undefined || host.startsWith("[") || /^[\d.]+$/.test(bare)) throw wrong(text);
    const below = bare.startsWith("*.");
    return { name: below ? bare.slice(1) : bare, below, range: null, port };
  }
  const address = ipaddr.process(bare);
  const whole = address.kind() === "ipv4" ? 32 : 128;
  const length = bits === undefined ? whole : Number(bits.slice(1));
  if (length > whole) throw wrong(text);
  return { name: null, below: false, range: [address, length], port };
}

function wrong(text: string): Terminal {
  return new Terminal({ code: "host-list", message: `"${text}" names no host`, hint: HOST_RULE });
}

export function bareHost(host: string): string {
  return host.startsWith("[") ? host.slice(1, -1) : host;
}

/** Whether an entry names the host itself. `*` stands for every name and every public address. */
export function listsName(list: HostList, { host, port }: Target): boolean {
  return list.some((entry) => {
    if (entry.name === null || (entry.port !== null && entry.port !== port)) return false;
    if (entry.name === "*") return true;
    return entry.below ? host.endsWith(entry.name) : host === entry.name;
  });
}

export function listsAddress(list: HostList, address: string, { host, port }: Target): boolean {
  const own = ipaddr.process(address);
  return list.some((entry) => {
    if (entry.port !== null && entry.port !== port) return false;
    // The one name that is bound to loopback by its meaning (RFC 6761).
    if (entry.name === "localhost") return host === "localhost" && own.range() === "loopback";
    return entry.range !== null && entry.range[0].kind() === own.kind() && own.match(entry.range as never);
  });
}

export function hasAddresses(list: HostList): boolean {
  return list.some(({ name, range }) => range !== null || name === "localhost");
}

/** Global unicast alone. IPv4 inside IPv6 counts as what is inside; the deprecated `::a.b.c.d` is never public. */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const own = ipaddr.process(address);
  if (own.range() !== "unicast") return false;
  return own.kind() === "ipv4" || !own.match(ipaddr.parseCIDR("::/96") as never);
}

/** H1, H2, H3: whether a connection to this address may carry a request to this target. */
export function permits(installation: HostList | null, net: HostList | null, target: Target, address: string): boolean {
  if (!isPublic(address) && !(installation && listsAddress(installation, address, target))) return false;
  if (installation && !listsName(installation, target) && !listsAddress(installation, address, target)) return false;
  return net === null || listsName(net, target) || listsAddress(net, address, target);
}

/** Whether it can be known without asking the DNS that the name leads nowhere allowed. */
export function excludesName(installation: HostList | null, net: HostList | null, target: Target): boolean {
  return [installation, net].some((list) => list !== null && !listsName(list, target) && !hasAddresses(list));
}
