/** A stack with FFmpeg in containers, for tests that go on side by side: each has accounts of its own, and so containers of its own. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { makeAccounts } from '../support/accounts.ts'
import { ApiClient } from '../support/api-client.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { docker } from './engine.ts'
import { imagesMade } from './images.ts'

/** How long stacks and containers may take to start on a busy machine. */
export const SLOW_MS = 120_000

export interface Executor {
  id: string
  /** Of the object that owns it, which is an account's slot. */
  name: string
}

export class ContainerStack {
  readonly stack: TestStack
  readonly #apiKeys: string[]

  constructor(stack: TestStack, apiKeys: string[]) {
    this.stack = stack
    this.#apiKeys = apiKeys
  }

  /** A client of an account that nobody has had yet. Every account has one slot. */
  newAccount(): ApiClient {
    const apiKey = this.#apiKeys.pop()
    if (apiKey === undefined) throw new Error('the stack has been started with too few accounts')
    return new ApiClient({ url: this.stack.url, apiKey })
  }

  /** The containers in which FFmpeg may run for this stack. */
  async executors(): Promise<Executor[]> {
    return (await this.#containers()).filter(({ name }) => !name.endsWith('-proxy'))
  }

  /** Ends the stack. Returns the names of the containers that it has left, if any. */
  async stop(): Promise<string[]> {
    await this.stack.stop()
    await rm(this.stack.stateDir, { recursive: true, force: true })
    return (await this.#containers()).map(({ name }) => name)
  }

  /** Of every object that says in the log that it has started one, the sidecars included. */
  async #containers(): Promise<Executor[]> {
    const ids = [...this.stack.output.matchAll(/"event":"executor\.started".*"executor":"(\w+)"/g)].map(([, id = '']) => id)
    const lines = await docker('ps', '--all', '--filter', 'name=^/?workerd-renderio-Executor-', '--format', '{{.ID}} {{.Names}}')
    return lines
      .split('\n')
      .map((line) => {
        const [id = '', name = ''] = line.split(' ')
        return { id, name }
      })
      .filter(({ name }) => ids.some((id) => name.includes(id)))
  }
}

/** Starts one with so many accounts besides its own, once the images are made. */
export async function startContainerStack({ idleSeconds, accounts }: { idleSeconds: number; accounts: number }): Promise<ContainerStack> {
  const engine = await imagesMade()
  const stateDir = await mkdtemp(path.join(tmpdir(), 'renderio-test-'))
  const apiKeys = await makeAccounts(
    stateDir,
    Array.from({ length: accounts }, (_, n) => `account-${n}`),
  )
  const env = { ...engine, CONTAINER_IDLE_SECONDS: String(idleSeconds), MAX_CONCURRENT_COMMANDS: '1' }
  return new ContainerStack(await startTestStack({ stateDir, containers: true, env }), Object.values(apiKeys))
}
