/** `npm test -- [filter]`: prepares what the tests need, then runs every check and every test with Node 24. */
import { join } from 'node:path'
import { bootstrap } from './bootstrap.mjs'
import { projectRoot, replaceBy } from './project-node.mjs'

replaceBy(bootstrap(), [join(projectRoot, 'build', 'test-run.ts'), ...process.argv.slice(2)])
