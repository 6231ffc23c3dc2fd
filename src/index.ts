/** What the Worker exports: its HTTP handler and its Durable Objects. */
import { Account } from './account/account.ts'
import { createApp } from './app.ts'
import { Command } from './command/command.ts'
import { Executor } from './executor/container.ts'

export { Account, Command, Executor }

export default createApp()
