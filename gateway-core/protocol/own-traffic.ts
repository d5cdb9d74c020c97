import { call, callWith, event } from './declare.ts'
import { text } from './parameters.ts'
import type { WorkbenchState } from './types.ts'

/** A way to trust the local CA, or to forget it: what a person types or reads, in order. */
export interface TrustGuide {
  id: string
  title: string
  steps: TrustStep[]
  undo: TrustStep[]
}

export type TrustStep = { text: string } | { command: string }

/** What is known of one's own traffic: the forward proxy, its CA, hosts it leaves alone, browsers it can start. */
export interface OwnTraffic {
  /** Null while it is closed. */
  proxy: {
    host: string
    port: number
    url: string
    /** Other devices of the network reach it. */
    network: boolean
    /** Where a phone finds its page; only with `network`. */
    pages: string[]
    /** The workspace opens it by itself. */
    configured: boolean
  } | null
  /** The gateway that it belongs to runs. */
  gateway: boolean
  /** Null until the CA was made, which the first start does. */
  ca: { file: string; fingerprint: string } | null
  /** Hosts whose TLS is left alone; those of the workspace file are changed there. */
  passThrough: { pattern: string; from: 'workspace' | 'here' }[]
  /** Hosts whose clients did not take our certificate, the latest first. */
  refused: { host: string; port: number; why: string; times: number; at: number }[]
  browsers: { id: string; name: string; open: boolean }[]
  /** What starts a program whose traffic goes this way. */
  command: string
}

/** What became of the wish for a route. */
export interface MadeRoute {
  /** False: there was one already. */
  made: boolean
  host: string
  path: string
  /** Where its policies go. */
  line: number
}

/** The traffic of one's own programs, browsers and devices. */
export const ownTrafficCalls = {
  /** Opens a workspace of the user's for their own traffic; the first time it is made. */
  'own.begin': call<WorkbenchState>(),
  'own.state': call<OwnTraffic>(),
  /** Opens the forward proxy; with `network` for other devices too. A port of 0 takes a free one. */
  'own.start': callWith({ port: { type: 'integer', minimum: 0, maximum: 65_535 }, network: { type: 'boolean' } }, [
    'port',
    'network',
  ]).returns<OwnTraffic>(),
  'own.stop': call<OwnTraffic>(),
  /** Leaves the TLS of a host alone from now on, and remembers it. */
  'own.passThrough': callWith({ pattern: text }).returns<OwnTraffic>(),
  'own.openAgain': callWith({ pattern: text }).returns<OwnTraffic>(),
  'own.trust': call<TrustGuide[]>(),
  /** The certificate of the local CA, PEM. */
  'own.certificate': call<{ pem: string }>(),
  /** Starts a browser with a profile of its own. */
  'own.browser': callWith({ id: text, url: text }, ['url']).returns<OwnTraffic>(),
  /** Adds an upstream and a route for the host of an exchange to gatehouse.yaml. */
  'own.makeRoute': callWith({ id: text }).returns<MadeRoute>(),
} as const

/** What the core tells about it by itself. */
export const ownTrafficEvents = {
  'own.changed': event<OwnTraffic>('latest'),
} as const
