import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

/** All modules a module loads, types left out. */
function loads(url: string, found = new Set<string>()): Set<string> {
  if (found.has(url)) return found
  found.add(url)
  if (!url.startsWith('file:')) return found
  const text = readFileSync(fileURLToPath(url), 'utf8')
  for (const [, name = ''] of text.matchAll(/^(?:import|export) (?!type )[^;]*?from '([^']+)'/gm)) {
    loads(name.startsWith('.') ? new URL(name, url).href : import.meta.resolve(name), found)
  }
  return found
}

const browserEntry = new URL('../src/index.ts', import.meta.url).href

test('the entry for browsers needs nothing of Node', () => {
  const modules = [...loads(browserEntry)]
  expect(modules.length).toBeGreaterThan(15)
  expect(modules.filter((module) => module.startsWith('node:'))).toEqual([])
})

test('signing with secrets is an entry of its own, which browsers do not have', () => {
  const modules = [...loads(browserEntry)]
  expect(modules.filter((module) => /server-credentials|signatures/.test(module))).toEqual([])
  expect([...loads(import.meta.resolve('@sluice/client/server-credentials'))]).toContain('node:crypto')
})
