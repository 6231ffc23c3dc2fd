/** A command's hold on the slot that it works in. */
import type { Account } from '../account/account.ts'
import { log } from '../logging/log.ts'
import type { CommandSpec } from './record.ts'

/** Renews the lease; answers false when the slot is the command's no more. An account that does not answer has not taken it back. */
export async function renewLease(account: DurableObjectStub<Account>, spec: CommandSpec, slot: number): Promise<boolean> {
  try {
    const admission = await account.admit(spec.id)
    return admission.kind === 'slot' && admission.slot === slot
  } catch (error) {
    log('warn', 'command.lease_not_renewed', { command_id: spec.id, error })
    return true
  }
}
