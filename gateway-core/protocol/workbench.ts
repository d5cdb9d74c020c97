import { call, callWith, event } from './declare.ts'
import { text } from './parameters.ts'
import type { Recent, Refusal, WorkbenchState } from './types.ts'

/** Which workspace is open, is the gateway running. */
export const workbenchCalls = {
  'workbench.state': call<WorkbenchState>(),
  'workbench.recent': call<Recent[]>(),
  'workbench.open': callWith({ folder: text }).returns<WorkbenchState>(),
  'workbench.openSample': callWith({ name: { enum: ['bookshop', 'minimal'] } }).returns<WorkbenchState>(),
  /** Makes a workspace that observes a server: everything passes, everything is shown. */
  'workbench.observe': callWith({ url: text, folder: text }, ['folder']).returns<WorkbenchState>(),
  /** Makes a workspace from an OpenAPI document: one route per operation, validated. */
  'workbench.openApi': callWith({ document: text, upstream: text, folder: text }, ['folder']).returns<WorkbenchState>(),
  'workbench.environment': callWith({ name: text }).returns<WorkbenchState>(),
  'gateway.start': call<WorkbenchState>(),
  'gateway.stop': call<WorkbenchState>(),
} as const

/** What the core tells about it by itself. */
export const workbenchEvents = {
  'workbench.changed': event<WorkbenchState>('latest'),
  trouble: event<Refusal>('every'),
} as const
