import { afterAll } from 'vitest'
import { settle } from './client.ts'

afterAll(settle)
