/** The console: a client of the public API, and of nothing else. */
import { render } from 'preact'

const root = document.getElementById('console')
if (root) render(<h1>RenderIO</h1>, root)
