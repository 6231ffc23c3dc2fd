/** Makes the images that the tests of containers need, so that the tests themselves do not wait for them. */
import { findEngine, makeImages } from './engine.ts'

const engine = await findEngine()
if (engine.available) await makeImages((line) => console.log(line))
console.log(engine.available ? 'The engine is ready' : `There is no engine: ${engine.reason}`)
