import type { Handlers } from '../protocol/protocol.ts'
import { refused } from '../protocol/rpc-error.ts'
import type { Emit } from '../protocol/rpc-server.ts'
import { copyReplay } from './copy-as.ts'
import type { OpenedWorkspace } from './opened-workspace.ts'
import { asRefusal, ReplayDesk } from './replay-desk.ts'
import { importInto, operationsIn, requestFor } from './replay-import.ts'
import { raceEntries, runCapture, runSequenceFile } from './replay-jobs.ts'
import type { Workbench } from './workbench.ts'

type ReplayHandlers = Pick<Handlers, Extract<keyof Handlers, `replay.${string}`>>

/** One desk for each open workspace, for all screens. */
const desks = new WeakMap<OpenedWorkspace, ReplayDesk>()

export function replayDeskOf(opened: OpenedWorkspace): ReplayDesk {
  let desk = desks.get(opened)
  if (!desk) desks.set(opened, (desk = new ReplayDesk(opened)))
  return desk
}

/** Requests that are edited, sent, compared and kept. */
export function replayCalls(workbench: Workbench, emit: Emit): ReplayHandlers {
  const desk = () => replayDeskOf(workbench.workspace)
  const changed = <T extends { id?: string }>(result: T): T => {
    emit('replay.changed', result.id === undefined ? {} : { id: result.id })
    return result
  }
  return refusing({
    'replay.list': () => desk().list(),
    'replay.create': ({ exchange, request, name }) => {
      if ((exchange === undefined) === (request === undefined)) throw refused('name an exchange, or give a request')
      return changed(exchange === undefined ? desk().create(request!, name) : desk().fromExchange(exchange))
    },
    'replay.get': ({ id }) => desk().get(id),
    'replay.save': ({ id, request, name }) => changed(desk().save(id, request, name)),
    'replay.remove': ({ id }) => desk().remove(id),
    'replay.keep': ({ id, file, name }) => changed(desk().keep(id, file, name)),
    'replay.send': async ({ id, request, targets }, { signal }) => {
      const run = await desk().send(id, request, targets, signal)
      emit('replay.changed', { id })
      return run
    },
    'replay.run': ({ id, run }) => desk().run(id, run),
    'replay.body': ({ id, run, answer, from, length }) => desk().body(id, run, answer, from, length),
    'replay.compare': ({ id, left, right, ignore, ignoreHeaders }) =>
      desk().compare(id, left, right, { ignore, ignoreHeaders }),
    'replay.race': ({ ids, ...how }, { signal }) => raceEntries(desk(), ids, how, signal),
    'replay.import': (from) => {
      const imported = importInto(desk(), from)
      emit('replay.changed', {})
      return imported
    },
    'replay.operations': () => operationsIn(workbench.workspace),
    'replay.operation': ({ api, method, path }) =>
      changed(desk().create(requestFor(workbench.workspace, api, method, path), `${method} ${path}`)),
    'replay.addStep': ({ id, file }) => {
      const added = desk().files.addStep(id, file)
      emit('replay.changed', {})
      return added
    },
    'replay.sequence': ({ file }) => desk().files.outline(file),
    'replay.runSequence': ({ file, job, environment }, { signal }) =>
      runSequenceFile(desk(), file, environment, signal, (step, done, total) =>
        emit('replay.progress', { job, done, total, step }),
      ),
    'replay.runCapture': ({ job, ...how }, { signal }) =>
      runCapture(desk(), how, signal, (progress) => emit('replay.progress', { job, ...progress })),
    'replay.copyAs': ({ request, as }) => ({ text: copyReplay(request, as, workbench.workspace.gatewayUrl) }),
  })
}

/** Handlers whose ReplayErrors reach the screen as refusals. */
function refusing(handlers: ReplayHandlers): ReplayHandlers {
  const wrapped = Object.entries(handlers).map(([name, handler]) => [
    name,
    async (params: never, context: never) => {
      try {
        return await (handler as (params: never, context: never) => unknown)(params, context)
      } catch (error) {
        throw asRefusal(error)
      }
    },
  ])
  return Object.fromEntries(wrapped) as ReplayHandlers
}
