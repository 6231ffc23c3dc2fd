/** One line on whether the command can be run, and what FFmpeg would get. */

import { count } from '../interface/format.ts'
import { Icon } from '../interface/icon.tsx'
import type { Validation } from './use-validation.ts'

export function Verdict({ validation }: { validation: Validation }) {
  switch (validation.kind) {
    case 'valid':
      return (
        <details class="verdict good">
          <summary>
            <Icon name="check" />
            Ready to run
            <span class="hint">What FFmpeg gets</span>
          </summary>
          <ol>
            {validation.commands.map((argv, index) => (
              <li key={index}>
                <code>{['ffmpeg', ...argv].join(' ')}</code>
              </li>
            ))}
          </ol>
        </details>
      )
    case 'faulty':
      return (
        <p class="verdict bad" role="status">
          <Icon name="alert" />
          {count(validation.faults.length, 'thing')} to mend
        </p>
      )
    case 'unknown':
      return (
        <p class="verdict" role="status">
          <Icon name="alert" />
          Not checked: {validation.reason}
        </p>
      )
    default:
      return <p class="verdict">{validation.kind === 'empty' ? 'Checked as you type' : 'Checking …'}</p>
  }
}
