import { afterAll } from 'vitest'
import { settle } from './client.ts'

// As long as what it waits for may take.
afterAll(settle, 120_000)
