import { cpSync, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Samples are run and edited where they stand, and an installed app is read-only: each is copied once into the user's
 * own folder, and stays as the user left it.
 */
export function ownSamples(packaged: string, own: string): string {
  for (const name of readdirSync(packaged)) {
    if (!existsSync(join(own, name))) cpSync(join(packaged, name), join(own, name), { recursive: true })
  }
  return own
}
