import { appSettingsTable, settingsTable } from '@sluice/server'
import { describe, expect, it } from 'vitest'
import { readPage, readTable } from '../../protocol/test/markdown.ts'
import { startTestService } from './support/service.ts'

const page = readPage('operating.md')

describe('docs/operating.md', () => {
  it('has the table of settings, with their defaults and what they are', () => {
    expect(readTable(page, 'setting', 'default', 'what')).toEqual(rowsOf(settingsTable))
  })

  it('has the table of what an app can set', () => {
    expect(readTable(page, 'setting of an app', 'default', 'what')).toEqual(rowsOf(appSettingsTable))
  })

  it('has every metric of the service, and no other', async () => {
    const service = await startTestService()
    const text = await (await fetch(`${service.url}/metrics`)).text()
    const names = Array.from(text.matchAll(/^# TYPE (sluice_\w+)/gm), ([, name]) => name)
    const documented = readTable(page, 'metric', 'is').map(([name = '']) => /sluice_\w+/.exec(name)?.[0])
    expect(documented.filter((name) => name !== undefined).sort()).toEqual(names.sort())
  })
})

it.each([
  '../README.md',
  '../README.zh-CN.md',
  'operating.md',
  'events.md',
  'architecture.md',
  'protocol.md',
  'errors.md',
])('%s names no setting that there is none of', (name) => {
  const others = ['SLUICE_URL', 'SLUICE_DEBUG', 'SLUICE_HOTLINK_KEY', 'SLUICE_TEST_LONG'] // of the command line and of the tests
  const named = readPage(name).match(/SLUICE_[A-Z_]*[A-Z]/g) ?? []
  expect(named.filter((setting) => !(setting in settingsTable) && !others.includes(setting))).toEqual([])
})

function rowsOf(table: Readonly<Record<string, { readonly default: string; readonly about: string }>>): string[][] {
  return Object.entries(table).map(([name, { default: fallback, about }]) => [
    `\`${name}\``,
    fallback === '' ? 'none' : `\`${fallback}\``,
    about.replaceAll('|', '\\|'),
  ])
}
