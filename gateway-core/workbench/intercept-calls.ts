import { FilterError } from '../filter/syntax.ts'
import type { Handlers } from '../protocol/protocol.ts'
import { refused } from '../protocol/rpc-error.ts'
import { replayDeskOf } from './replay-calls.ts'
import { RuleDesk } from './rule-desk.ts'
import { ruleTemplates } from './rule-templates.ts'
import { ruleWithValue } from './rule-value.ts'
import type { Workbench } from './workbench.ts'

/** Intercept: what is held and what becomes of it, breakpoints, and rules. */
export function interceptCalls(workbench: Workbench): Pick<Handlers, Extract<keyof Handlers, `intercept.${string}`>> {
  const desk = () => workbench.intercept
  const key = () => workbench.workspace.key
  const rules = () => new RuleDesk(workbench.workspace, workbench.files)
  return {
    'intercept.state': () => desk().state(),
    'intercept.rows': ({ from, count }) => desk().rows(from, count, key()),
    'intercept.isHeld': ({ id }) => desk().interceptor.find(id) !== undefined,
    'intercept.message': ({ id, secrets }) => desk().message(id, key(), secrets === true),
    'intercept.resume': async ({ ids, request, response, message }) => ({
      ended: message
        ? await desk().resumeMessage(ids[0] ?? -1, message, key())
        : await desk().resume(ids, request ?? response, key()),
    }),
    'intercept.connections': () => desk().connections(),
    'intercept.inject': async (params) => {
      await desk().inject(params)
      return null
    },
    'intercept.respond': async ({ id, response }) => ({ ended: await desk().respond(id, response, key()) }),
    'intercept.drop': ({ ids }) => ({ ended: desk().drop(ids) }),
    'intercept.resumeAll': async () => ({ ended: await desk().resume(desk().all(), undefined, key()) }),
    'intercept.dropAll': () => ({ ended: desk().drop(desk().all()) }),
    'intercept.toReplay': async ({ id, request }) => {
      const entry = replayDeskOf(workbench.workspace).create(await desk().asReplay(id, request, key()))
      return { id: entry.id }
    },
    'intercept.extend': ({ id }) => {
      desk().extend(id)
      return null
    },
    'intercept.addBreakpoint': ({ query, on, once, seconds }) => {
      reading(() => desk().interceptor.addBreakpoint({ query, on, once, enabled: true, limitMs: seconds * 1000 }))
      return desk().changed()
    },
    'intercept.changeBreakpoint': ({ id, seconds, ...settings }) => {
      const changes = { ...settings, ...(seconds !== undefined && { limitMs: seconds * 1000 }) }
      reading(() => desk().interceptor.changeBreakpoint(id, changes))
      return desk().changed()
    },
    'intercept.removeBreakpoint': ({ id }) => {
      desk().interceptor.removeBreakpoint(id)
      return desk().changed()
    },
    'intercept.ruleText': ({ name }) => rules().text(name),
    'intercept.ruleTemplate': ({ kind }) => ({ text: ruleTemplates[kind] }),
    'intercept.ruleCheck': ({ text, name }) => rules().check(text, name),
    'intercept.ruleFill': ({ text, value }) => ({ text: ruleWithValue(text, value as Record<string, unknown>) }),
    'intercept.ruleSave': async ({ text, name }) => {
      await rules().save(text, name)
      return null
    },
    'intercept.ruleEnable': async ({ name, enabled }) => {
      await rules().enable(name, enabled)
      return null
    },
    'intercept.ruleMove': async ({ name, step }) => {
      await rules().move(name, step)
      return null
    },
    'intercept.ruleMoveTo': async ({ name, file }) => {
      await rules().moveTo(name, file)
      return null
    },
    'intercept.ruleDuplicate': async ({ name }) => ({ name: await rules().duplicate(name) }),
    'intercept.ruleRemove': async ({ name }) => {
      await rules().remove(name)
      return null
    },
  }
}

function reading(work: () => unknown): void {
  try {
    work()
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    throw refused(`the query cannot be read: ${error.message}`, error.suggestion, `character ${error.offset + 1}`)
  }
}
