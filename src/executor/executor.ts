/** The object that answers the executor protocol for one slot of one account. */
import { DurableObject } from 'cloudflare:workers'
import { settingsOf } from '../settings.ts'
import { ExecutorContainer } from './container.ts'
import { askLocalExecutor, noExecutor } from './local.ts'

/** A container of its own; where containers are switched off, as by `wrangler dev --enable-containers=false`, the executor beside it. */
export class Executor extends DurableObject<Env> {
  readonly #container = this.ctx.container ? new ExecutorContainer(this.ctx, this.env) : null

  override async fetch(request: Request): Promise<Response> {
    if (this.#container) return this.#container.fetch(request)
    const { localExecutor } = settingsOf(this.env)
    return localExecutor
      ? askLocalExecutor(request, localExecutor)
      : noExecutor('containers are switched off: switch them on, or set EXECUTOR_URL')
  }

  /** A container ends by alarms, which may be left from when there was one. */
  override async alarm(alarm: AlarmInvocationInfo): Promise<void> {
    await this.#container?.alarm(alarm)
  }
}
