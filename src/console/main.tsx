/** The console: a client of the public API, and of nothing else. */
import { render } from 'preact'
import './styles/tokens.css'
import './styles/base.css'
import './styles/layout.css'
import './styles/controls.css'
import './styles/parts.css'
import './styles/run.css'
import './styles/command.css'
import './styles/lists.css'
import { App } from './app.tsx'

// A file that misses the areas for it is not opened in place of the console.
addEventListener('dragover', (event) => event.preventDefault())
addEventListener('drop', (event) => event.preventDefault())

const root = document.getElementById('console')
if (root) render(<App />, root)
