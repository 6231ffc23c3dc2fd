/** Where Node keeps the sources that it has compiled. */
import path from 'node:path'
import { PROJECT_ROOT } from './settings.ts'

/**
 * To be set as `NODE_COMPILE_CACHE` of a program: types are then stripped once, and not at each start, and the rest of its life it takes
 * less memory.
 */
export const COMPILE_CACHE = path.join(PROJECT_ROOT, 'dist/compile-cache')
