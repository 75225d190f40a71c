import { BlockList, isIP } from "node:net";
import { TransportError } from "../transport-error.js";

/** Tells whether an address is in a list. What is no address is in none. */
export type AddressTest = (address: string) => boolean;

const NOWHERE: AddressTest = () => false;

/**
 * Compiles a list of addresses and networks: `"192.0.2.7"`, `"10.0.0.0/8"`, `"2001:db8::/32"`.
 *
 * @throws {TransportError} `bad_option` if an entry is neither
 */
export function compileAddresses(option: string, entries: readonly string[]): AddressTest {
  if (!Array.isArray(entries)) throw badEntry(option, entries);
  if (entries.length === 0) return NOWHERE;
  const list = new BlockList();
  /** The networks of IPv4, an address being a network of one: compared as numbers, which costs a fraction of asking the list. */
  const networks: Network[] = [];
  /** Whether an IPv4 address may be in the list as one of IPv6. */
  let mayBeMapped = false;
  for (const entry of entries) {
    if (typeof entry !== "string") throw badEntry(option, entry);
    const [address = "", bits, ...rest] = entry.split("/");
    const version = isIP(address);
    if (version === 0 || rest.length > 0 || address.includes("%")) throw badEntry(option, entry);
    const most = version === 4 ? 32 : 128;
    if (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= most)) throw badEntry(option, entry);
    const length = bits === undefined ? most : Number(bits);
    list.addSubnet(address, length, version === 4 ? "ipv4" : "ipv6");
    if (version === 4) networks.push({ prefix: prefixOf(numberOf(address), 32 - length), free: 32 - length });
    else if (length < 128 || /ffff/i.test(address)) mayBeMapped = true;
  }
  return (address) => {
    const version = isIP(address);
    if (version !== 4) return version === 6 && list.check(address, "ipv6");
    const number = numberOf(address);
    if (networks.some(({ prefix, free }) => prefixOf(number, free) === prefix)) return true;
    return mayBeMapped && list.check(address, "ipv4");
  };
}

/** A network of IPv4: the bits that its addresses have in common, and how many are free besides. */
interface Network {
  readonly prefix: number;
  readonly free: number;
}

function prefixOf(address: number, free: number): number {
  return Math.floor(address / 2 ** free);
}

/** The number that an IPv4 address is. */
function numberOf(address: string): number {
  let number = 0;
  for (const part of address.split(".")) number = number * 256 + Number(part);
  return number;
}

function badEntry(option: string, entry: unknown): TransportError {
  const came = typeof entry === "string" ? JSON.stringify(entry.slice(0, 60)) : typeof entry;
  return new TransportError(
    "bad_option",
    `${option}: expected a list of addresses ("192.0.2.7", "2001:db8::1") or networks ("10.0.0.0/8"), got ${came}`,
  );
}
