/** Inputs and outputs of the command. Each placeholder in it has a row here. */
import type { Fault } from '../api/types.ts'
import { useDrop } from '../interface/use-drop.ts'
import { change, draft, inputToFill } from './current-draft.ts'
import { aliasesOf, outputName } from './draft.ts'
import { Faults, faultsAt } from './faults.tsx'
import { InputRow } from './input-row.tsx'
import { uploadInput } from './uploads.ts'

export function Inputs({ faults, missing }: { faults: readonly Fault[]; missing: readonly string[] }) {
  const aliases = aliasesOf(draft.value, 'in_')
  const drop = useDrop(([file]) => file && void uploadInput(inputToFill(), file))
  const needed = (alias: string): Fault[] =>
    missing.includes(alias) ? [{ loc: ['input_files', alias], msg: 'Give a URL, or choose a file.', type: 'value_error' }] : []
  return (
    <section class={`card ${drop.over ? 'over' : ''}`} aria-labelledby="inputs-heading" {...drop.handlers}>
      <h2 id="inputs-heading">Inputs</h2>
      {aliases.length === 0 ? (
        <p class="hint">
          Write <code class="alias input">{'{{in_video}}'}</code> in the command, and its place is here; or drop a file. A command that
          makes its own pictures needs none.
        </p>
      ) : (
        <ul class="file-rows">
          {aliases.map((alias) => (
            <InputRow key={alias} alias={alias} faults={[...needed(alias), ...faultsAt(faults, 'input_files', alias)]} />
          ))}
        </ul>
      )}
    </section>
  )
}

export function Outputs({ faults }: { faults: readonly Fault[] }) {
  const { folder, outputs } = draft.value
  const aliases = aliasesOf(draft.value, 'out_')
  return (
    <section class="card" aria-labelledby="outputs-heading">
      <h2 id="outputs-heading">Outputs</h2>
      {!folder && aliases.length === 0 && (
        <p class="hint">
          Write <code class="alias output">{'{{out_video}}'}</code> where the command names its result. A command that writes to{' '}
          <code>-f null -</code>, or begins with <code>ffprobe</code>, needs none.
        </p>
      )}
      {!folder && aliases.length > 0 && (
        <ul class="file-rows">
          {aliases.map((alias) => {
            const own = faultsAt(faults, 'output_files', alias)
            return (
              <li key={alias} class="file-row">
                <label for={`output-${alias}`} class="alias output">
                  {alias}
                </label>
                <div class="file-row-field">
                  <input
                    id={`output-${alias}`}
                    class="mono"
                    spellcheck={false}
                    value={outputName(draft.value, alias)}
                    aria-invalid={own.length > 0}
                    aria-describedby={`output-${alias}-faults`}
                    onInput={(event) => change({ outputs: { ...outputs, [alias]: event.currentTarget.value } })}
                  />
                  <Faults id={`output-${alias}-faults`} faults={own} />
                </div>
              </li>
            )
          })}
        </ul>
      )}
      <label class="check">
        <input type="checkbox" checked={folder} onChange={(event) => change({ folder: event.currentTarget.checked })} />
        Keep everything that the command writes, as one zip
      </label>
      <Faults id="outputs-faults" faults={faults.filter(({ loc }) => loc[0] === 'output_files' && loc.length === 1)} />
    </section>
  )
}
