import type { ConfigOf } from '../config/config-of.ts'
import { integer, text } from './parameters.ts'

export const flag = { type: 'boolean' } as const
export const texts = { type: 'array', items: text, maxItems: 1000 } as const

const body = {
  oneOf: [
    { type: 'null' },
    {
      type: 'object',
      additionalProperties: false,
      required: ['kind', 'text'],
      properties: {
        kind: { const: 'text' },
        text,
        coding: { enum: ['gzip', 'br', 'deflate'] },
        /** Lines such as `< ./cover.png` stand for files of the workspace. */
        files: flag,
      },
    },
    {
      type: 'object',
      additionalProperties: false,
      required: ['kind', 'base64'],
      properties: { kind: { const: 'bytes' }, base64: text },
    },
    {
      type: 'object',
      additionalProperties: false,
      required: ['kind', 'path'],
      properties: { kind: { const: 'file' }, path: text },
    },
    {
      type: 'object',
      additionalProperties: false,
      required: ['kind', 'exchange', 'length'],
      properties: { kind: { const: 'recorded' }, exchange: text, length: integer, contentType: text },
    },
  ],
} as const

/** A request as it is edited and sent. Everything goes out as it stands here: order, case and duplicates of the fields too. */
export const requestSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['method', 'url', 'version', 'headers', 'body', 'settings'],
  properties: {
    method: text,
    /** A path, for the gateway or the route's upstream; or a whole URL, whose path and Host are sent there. */
    url: text,
    version: { enum: ['1.0', '1.1', '2'] },
    headers: {
      type: 'array',
      maxItems: 5000,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'value'],
        properties: { name: text, value: text, off: flag },
      },
    },
    body,
    settings: {
      type: 'object',
      additionalProperties: false,
      required: ['length', 'redirects', 'timeoutMs'],
      properties: {
        /** `follow`: Content-Length is that of the body, added where it is missing. `asWritten`: nothing is added or mended. */
        length: { enum: ['follow', 'asWritten'] },
        /** Most redirects that are followed; 0 follows none. */
        redirects: { type: 'integer', minimum: 0, maximum: 20 },
        timeoutMs: { type: 'integer', minimum: 1, maximum: 3_600_000 },
        /** A certificate that cannot be verified is shown and not refused. */
        insecure: flag,
        /** Nothing in it is a variable or a reference: it came from traffic. */
        literal: flag,
        /** Pointers and header names that a comparison leaves out. */
        ignore: texts,
        ignoreHeaders: texts,
      },
    },
  },
} as const

/** Where a request goes. */
export const targetSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['via'],
  properties: {
    /** `url`: to the host that the URL names, past the gateway and its routes. */
    via: { enum: ['gateway', 'upstream', 'url'] },
    /** Another environment than the active one. */
    environment: text,
  },
} as const

export type ReplayRequest = ConfigOf<typeof requestSchema>
export type ReplayField = ReplayRequest['headers'][number]
export type ReplayBody = ReplayRequest['body']
export type ReplayTarget = ConfigOf<typeof targetSchema>
