/** The image's health check: ends with 0 when the server in this container says that FFmpeg runs, else with 1. */
import { readSettings } from './settings.ts'

const { port, token } = readSettings(process.env)
const response = await fetch(`http://127.0.0.1:${port}/v1/health`, { headers: token === null ? {} : { authorization: `Bearer ${token}` } })
process.exit(response.ok ? 0 : 1)
