/** What is known of a file, in words. */
import { mediaFacts } from './media-facts.ts'

export function Facts({ file }: { file: Parameters<typeof mediaFacts>[0] }) {
  return (
    <dl class="facts">
      {mediaFacts(file).map(({ name, value }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="number">{value}</dd>
        </div>
      ))}
    </dl>
  )
}
