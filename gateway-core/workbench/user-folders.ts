import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where a person's own things are kept on this machine. */
export interface UserFolders {
  /** Lists such as recent workspaces. */
  config: string
  /** Workspaces that the workbench makes. */
  workspaces: string
}

/** The usual places of the system: XDG, Library or AppData. */
export function userFolders(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): UserFolders {
  return { config: configFolder(env, platform, home), workspaces: join(home, 'Gatehouse') }
}

function configFolder(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
  home: string,
): string {
  if (platform === 'win32') return join(env['APPDATA'] || join(home, 'AppData', 'Roaming'), 'Gatehouse')
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Gatehouse')
  return join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'gatehouse')
}
