import { type Action, actions, type VodAction, vodActions } from '@sluice/protocol'
import { describe, expect, test } from 'vitest'
import { readPage, readTable } from './markdown.ts'

const page = readPage('protocol.md')

/** Fields of the schemas that go by another name on the wire. */
const wireNames: Readonly<Record<string, string>> = { tags: 'tag.n', coverOf: 'extra.usage' }

/** The same of the management actions: lists are numbered. */
const vodWireNames: Readonly<Record<string, string>> = {
  fileIds: 'fileIds.n',
  infoFilter: 'infoFilter.n',
  msgHandle: 'msgHandle.n',
  pullset: 'pullset.n.*',
  tags: 'tags.n',
}

describe('docs/protocol.md', () => {
  test('has the table of actions', () => {
    const rows = Object.entries<Action>(actions).map(([name, { family, methods, bytes, rate }]) => [
      `\`${name}\``,
      family,
      methods.join(', '),
      bytes ? 'bytes' : 'none',
      rate ? `${rate.bucket} ${rate.perMinute}` : 'none',
    ])
    expect(readTable(page, 'action', 'family')).toEqual(rows)
  })

  test('has every parameter, with the actions that read it', () => {
    const documented = readTable(page, 'parameter', 'used by').map(([name, usedBy]) => [
      name?.replaceAll('`', ''),
      usedBy?.split(', '),
    ])
    const usedBy: Record<string, string[]> = {}
    for (const [action, { params }] of Object.entries<Action>(actions)) {
      for (const field of Object.keys(params)) {
        const name = wireNames[field] ?? field
        usedBy[name] = [...(usedBy[name] ?? []), action]
      }
    }
    expect(Object.fromEntries(documented)).toEqual(usedBy)
  })

  test('has the table of management actions, with their parameters', () => {
    const rows = Object.entries<VodAction>(vodActions).map(([name, { reads, perMinute, aliases = [], params }]) => [
      `\`${name}\``,
      reads ? 'yes' : 'no',
      String(perMinute),
      aliases.map((alias) => `\`${alias}\``).join(', '),
      Object.keys(params)
        .map((field) => `\`${vodWireNames[field] ?? field}\``)
        .join(', '),
    ])
    const documented = readTable(page, 'management action', 'only reads').map((cells) => cells.slice(0, 5))
    expect(documented).toEqual(rows)
  })
})
