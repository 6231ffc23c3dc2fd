/** The account's webhook, and what became of the last commands' events. */
import { request } from '../api/client.ts'
import type { Command, CommandList } from '../api/types.ts'
import { commandName } from '../command/name.ts'
import { hasEnded } from '../command/use-command.ts'
import { Empty, Failure, Skeleton } from '../interface/notice.tsx'
import { Page } from '../interface/page.tsx'
import { currentPage, Pager } from '../interface/pager.tsx'
import { useResource } from '../interface/use-resource.ts'
import { CommandDeliveries } from './command-deliveries.tsx'
import { Endpoint } from './endpoint.tsx'

/** Each command's deliveries are a request of their own. */
const PAGE_SIZE = 10
const EVERY_MS = 10_000

export function WebhooksPage() {
  const path = `/commands?limit=${PAGE_SIZE}&offset=${(currentPage() - 1) * PAGE_SIZE}`
  const { data, error, reload } = useResource(
    path,
    (signal) => request<CommandList>(path, { signal }),
    () => EVERY_MS,
  )
  const ended = data?.commands.filter(hasEnded)
  return (
    <Page title="Webhooks" lead="The service calls you when a command has ended, signed, and again until you answer.">
      <Endpoint />
      <section class="group" aria-labelledby="deliveries-heading">
        <h2 id="deliveries-heading">Deliveries</h2>
        {error !== undefined && <Failure error={error} onRetry={reload} />}
        {!data && error === undefined && <Skeleton rows={4} />}
        {ended && ended.length === 0 && (
          <Empty icon="signal" title="Nothing was sent yet">
            <p>When a command ends, what was sent and what came back is listed here.</p>
          </Empty>
        )}
        {ended?.map((command) => (
          <CommandDeliveries key={command.command_id} id={command.command_id} heading={<CommandLink command={command} />} />
        ))}
        {data && <Pager total={data.total} pageSize={PAGE_SIZE} />}
      </section>
    </Page>
  )
}

function CommandLink({ command }: { command: Command }) {
  return <a href={`#/commands/${command.command_id}`}>{commandName(command)}</a>
}
