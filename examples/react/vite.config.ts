import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** The app's backend, examples/app-backend, under the page's own origin. */
const proxy = {
  '/api': {
    target: process.env['BACKEND_URL'] ?? 'http://127.0.0.1:3000',
    rewrite: (path: string) => path.replace(/^\/api/, ''),
  },
}

export default defineConfig({ plugins: [react()], server: { proxy }, preview: { proxy } })
