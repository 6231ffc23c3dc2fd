import { useId, useState } from 'preact/hooks'
import type { SubmitRequest } from '../api/types.ts'
import { CodeBox } from '../interface/code-box.tsx'
import { CopyButton } from '../interface/copy-button.tsx'
import { LANGUAGES, type Language, snippet } from './snippets.ts'

/** The same request for a terminal and for programs. */
export function RequestAsCode({ body }: { body: SubmitRequest }) {
  const [language, setLanguage] = useState<Language>('curl')
  const name = useId()
  const code = snippet(language, body, location.origin)
  return (
    <div class="as-code">
      <div class="as-code-head">
        <fieldset class="segments">
          <legend class="hidden">Language</legend>
          {LANGUAGES.map((option) => (
            <label key={option}>
              <input type="radio" class="hidden" name={name} checked={language === option} onChange={() => setLanguage(option)} />
              <span>{option}</span>
            </label>
          ))}
        </fieldset>
        <CopyButton text={code} label="Copy" />
      </div>
      <CodeBox label={`The request in ${language}`} text={code} />
    </div>
  )
}
