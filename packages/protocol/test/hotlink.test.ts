import { splitQuery } from '@sluice/protocol'
import { hotlinkQuery, readHotlink } from '@sluice/protocol/signatures'
import { expect, test } from 'vitest'

const key = '24FEQmTzro4V5u3D5epW'
const dir = '/dir1/dir2/'
const read = (query: string) => readHotlink(splitQuery(query))

test.each([
  [{ t: '5a71afc0', us: '72d4cd1101' }, 't=5a71afc0&us=72d4cd1101&sign=3d8488faeb37d52d6bf63b63c1b171c3'],
  [
    { us: '72d4cd1101', rlimit: '3', t: '5a71afc0' },
    't=5a71afc0&rlimit=3&us=72d4cd1101&sign=c5214f0d5961b13acd558b4957c4dfc5',
  ],
  [
    { t: '5a71afc0', exper: '300', us: '72d4cd1101' },
    't=5a71afc0&exper=300&us=72d4cd1101&sign=547d98c4b91e81b5ea55c95cef63223f',
  ],
])('the published example of %j is written and read back', (terms, query) => {
  expect(hotlinkQuery({ key, dir, ...terms })).toBe(query)
  expect(read(query)).toEqual({ ...terms, sign: query.slice(-32) })
})

test('terms may be left out but for t and sign, and other names stand anywhere', () => {
  expect(read('t=1&sign=2')).toEqual({ t: '1', sign: '2' })
  expect(read('a=1&t=1&T=5&exper=2&rlimit=3&us=4&b&sign=5&c=')).toEqual({
    t: '1',
    exper: '2',
    rlimit: '3',
    us: '4',
    sign: '5',
  })
  for (const query of ['', 't=1', 'sign=2', 'us=1&sign=2']) expect(read(query), query).toBeUndefined()
})

test('another order, or a term given twice, is no such address', () => {
  const wrong = [
    'sign=5&t=1',
    'us=4&t=1&sign=5',
    't=1&rlimit=3&exper=2&sign=5',
    't=1&us=4&rlimit=3&sign=5',
    't=1&sign=5&us=4',
  ]
  for (const query of [...wrong, 't=1&t=1&sign=5', 't=1&sign=5&sign=5', 't=1&exper=1&exper=1&sign=5']) {
    expect(read(query), query).toBeUndefined()
  }
})
