import { hostname, networkInterfaces } from 'node:os'
import { lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { ListenAddress } from '../config/workspace.ts'

/** The addresses by which the forward proxy itself is reached. */
export class OwnAddresses {
  readonly #bound: string
  /** The real one, once it listens. */
  port: number

  constructor(listen: ListenAddress) {
    this.#bound = listen.host
    this.port = listen.port
  }

  /** Whether a connection to this host and port would come back here. `host` is without brackets. */
  is(host: string, port: number): boolean {
    if (port !== this.port) return false
    return host === this.#bound || staysHere(host) || ownNames().has(host)
  }

  /** Host and port under which a client at `peer` knows this proxy. */
  shown(peer: string): string {
    const anywhere = this.#bound === '0.0.0.0' || this.#bound === '::'
    const host = anywhere ? (staysHere(peer) ? '127.0.0.1' : (networkAddresses()[0] ?? '127.0.0.1')) : this.#bound
    return `${host.includes(':') ? `[${host}]` : host}:${this.port}`
  }
}

/** Whether a host is this machine, for itself alone: loopback by name or by address, or no address at all. */
export function staysHere(host: string): boolean {
  const name = host.replace(/\.$/, '')
  if (name === 'localhost' || name.endsWith('.localhost')) return true
  if (!ipaddr.isValid(name)) return false
  const range = ipaddr.process(name).range()
  return range === 'loopback' || range === 'unspecified'
}

/** A look-up of names that finds no server on this machine. */
export const lookupElsewhere: LookupFunction = (name, options, callback) => {
  lookup(name, { ...options, all: true }, (error, found) => {
    const elsewhere = found?.filter(({ address }) => !staysHere(address)) ?? []
    if (error) callback(error, '', 0)
    else if (elsewhere.length === 0) callback(new Error(`${name} is this machine itself`), '', 0)
    else if (options.all) callback(null, elsewhere)
    else callback(null, elsewhere[0]!.address, elsewhere[0]!.family)
  })
}

const near = new Set(['loopback', 'private', 'linkLocal', 'uniqueLocal', 'carrierGradeNat'])

/** Whether a peer is this machine or of a network that is not the Internet. */
export function isNearby(address: string): boolean {
  const plain = address.replace(/%.*$/, '')
  return ipaddr.isValid(plain) && near.has(ipaddr.process(plain).range())
}

/** Addresses of this machine in its networks, IPv4 first: where a phone would find it. */
export function networkAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  const outside = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80'))
  return outside.sort((a, b) => a.family.localeCompare(b.family)).map(({ address }) => address)
}

function ownNames(): Set<string> {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address))
  return new Set([...addresses, hostname().toLowerCase()])
}
