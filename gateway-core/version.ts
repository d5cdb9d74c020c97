import packageFile from '../package.json' with { type: 'json' }

/** Version of this Gatehouse. */
export const version: string = packageFile.version
