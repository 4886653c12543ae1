import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { createBackend } from './backend.ts'

const root = document.getElementById('root')
if (!root) throw new Error('the page has no #root')

// What stands for a sign-in: the token of a user of examples/app-backend.
const token = import.meta.env['VITE_TOKEN'] ?? 'token-of-ann'
const serviceUrl = import.meta.env['VITE_SLUICE_URL'] ?? 'http://127.0.0.1:8266'

createRoot(root).render(
  <StrictMode>
    <App backend={createBackend(token)} serviceUrl={serviceUrl} />
  </StrictMode>,
)
