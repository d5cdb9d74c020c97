import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { servicesFile, startServices } from '../../gateway-core/workbench/services.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-services-'))
})
afterEach(() => {
  delete (process.versions as { electron?: string }).electron
  rmSync(folder, { recursive: true })
})

describe('the services of a sample', () => {
  it('are not started by a program that is no Node: it would start itself', async () => {
    writeFileSync(join(folder, servicesFile), 'process.send({})')
    Object.defineProperty(process.versions, 'electron', { value: '45.0.0', configurable: true })
    await expect(startServices(folder, {})).rejects.toMatchObject({
      message: expect.stringContaining('needs Node'),
      suggestion: expect.stringContaining('npm start'),
    })
  })

  it('say why they did not start', async () => {
    writeFileSync(join(folder, servicesFile), 'console.error("the port is taken"); process.exit(1)')
    await expect(startServices(folder, process.env)).rejects.toThrow('the port is taken')
  })

  it('tell when they end', async () => {
    writeFileSync(
      join(folder, servicesFile),
      'process.send({ lines: ["here"] }); setTimeout(() => process.exit(3), 50)',
    )
    const services = await startServices(folder, process.env)
    expect(services.lines).toEqual(['here'])
    expect(await services.ended).toBe('exit code 3')
  })
})
