/** Who is not signed in is asked for a key; who is, gets the navigation and a page. */
import { CommandPage } from './command/command-page.tsx'
import { CommandsPage } from './commands/commands-page.tsx'
import { FilesPage } from './files/files-page.tsx'
import { Icon, type IconName } from './interface/icon.tsx'
import { Empty } from './interface/notice.tsx'
import { Page } from './interface/page.tsx'
import { PresetsPage } from './presets/presets-page.tsx'
import { route } from './route.ts'
import { RunPage } from './run/run-page.tsx'
import { apiKey, signOut } from './session.ts'
import { SignIn } from './sign-in/sign-in.tsx'
import { ThemeSwitch } from './theme-switch.tsx'
import { WebhooksPage } from './webhooks/webhooks-page.tsx'
import { Wordmark } from './wordmark.tsx'

const SECTIONS: { path: string; label: string; icon: IconName }[] = [
  { path: 'run', label: 'Run', icon: 'play' },
  { path: 'commands', label: 'Commands', icon: 'list' },
  { path: 'files', label: 'Files', icon: 'folder' },
  { path: 'presets', label: 'Presets', icon: 'bookmark' },
  { path: 'webhooks', label: 'Webhooks', icon: 'signal' },
]

export function App() {
  if (apiKey.value === null) return <SignIn />
  const [section = 'run'] = route.value.path
  return (
    <div class="frame">
      <a class="skip" href={`#${location.hash.slice(1)}`} onClick={skipToContent}>
        Skip to the content
      </a>
      <div class="side">
        <a href="#/run" class="home" aria-label="RenderIO, run a command">
          <Wordmark />
        </a>
        <nav class="sections" aria-label="Sections">
          {SECTIONS.map(({ path, label, icon }) => (
            <a key={path} href={`#/${path}`} aria-current={section === path ? 'page' : undefined}>
              <Icon name={icon} />
              {label}
            </a>
          ))}
        </nav>
        <div class="side-foot">
          <a href="/docs">
            <Icon name="book" />
            <span>API reference</span>
          </a>
          <button type="button" onClick={() => signOut()}>
            <Icon name="leave" />
            <span>Sign out</span>
          </button>
          <ThemeSwitch />
        </div>
      </div>
      <main id="content">
        <CurrentPage />
      </main>
    </div>
  )
}

function CurrentPage() {
  const [section = 'run', id] = route.value.path
  switch (section) {
    case 'run':
      return <RunPage />
    case 'commands':
      return id === undefined ? <CommandsPage /> : <CommandPage key={id} id={id} />
    case 'files':
      return <FilesPage />
    case 'presets':
      return <PresetsPage />
    case 'webhooks':
      return <WebhooksPage />
    default:
      return (
        <Page title="Nothing here">
          <Empty icon="file" title="There is no such page">
            <p>
              The address may be old. <a href="#/run">Run a command</a> instead.
            </p>
          </Empty>
        </Page>
      )
  }
}

function skipToContent(event: Event): void {
  event.preventDefault()
  document.querySelector<HTMLElement>('#content h1')?.focus()
}
