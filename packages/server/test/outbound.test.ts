import { createSocket } from 'node:dgram'
import type { LookupAddress } from 'node:dns'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo, LookupFunction, Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { nameLookup } from '../src/outbound/name-lookup.ts'
import { AddressRefused, type OutboundOptions, outboundRequest } from '../src/outbound/outbound-request.ts'
import { isPublicAddress } from '../src/outbound/public-address.ts'

const notPublic = [
  ...['0.0.0.0', '0.1.2.3', '10.0.0.1', '10.255.255.255', '100.64.0.1', '100.100.100.200', '100.127.255.255'],
  ...['127.0.0.1', '127.9.9.9', '169.254.169.254', '169.254.0.23', '172.16.0.1', '172.31.255.255', '192.0.0.192'],
  ...['192.0.2.1', '192.88.99.1', '192.168.0.1', '198.18.0.1', '198.19.255.255', '198.51.100.1', '203.0.113.1'],
  ...['224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255', '168.63.129.16'],
  ...['::', '::1', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'fc00::1', 'fd00:ec2::254', 'ff02::1', '100::1'],
  ...['::ffff:127.0.0.1', '::ffff:8.8.8.8', '::ffff:7f00:1', '::127.0.0.1', '64:ff9b::7f00:1', '64:ff9b:1::1'],
  ...['2001::1', '2001:0:4136:e378::1', '2001:db8::1', '2002:7f00:1::1', '3fff::1', '5f00::1', '4000::1'],
  ...['', 'localhost', '127.1', '0x7f000001', '1.2.3', '[::1]'],
]
const everybodys = [
  ...['1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.1', '100.63.255.255', '100.128.0.1', '126.255.255.255'],
  ...['172.15.255.255', '172.32.0.1', '192.167.255.255', '192.169.0.1', '198.17.255.255', '223.255.255.255'],
  ...['2606:4700:4700::1111', '2400:3200::1', '2003::1', '2001:4860:4860::8888'],
]

it('tells the addresses of everybody from those of this machine and its network', () => {
  expect(notPublic.filter((address) => isPublicAddress(address))).toEqual([])
  expect(everybodys.filter((address) => isPublicAddress(address))).toEqual(everybodys)
})

it('knows the addresses that this machine has itself, in whatever way they are written', () => {
  const own = { eth0: [{ address: '8.8.4.4' }, { address: '2400:3200::a:1' }, { address: 'fe80::1' }], lo: undefined }
  for (const address of ['8.8.4.4', '2400:3200::a:1', '2400:3200:0:0::A:0001']) {
    expect([isPublicAddress(address, own), isPublicAddress(address, {})], address).toEqual([false, true])
  }
  expect(isPublicAddress('8.8.4.5', own)).toBe(true)
})

it('calls no address that is written out and not public, in whatever way it is written', async () => {
  const { port } = await listen()
  const written = ['127.0.0.1', '127.1', '2130706433', '0x7f000001', '0177.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '0']
  for (const host of written) {
    expect(() => outboundRequest(`http://${host}:${port}/`, { allowPrivate: false }), host).toThrow(AddressRefused)
  }
})

it('looks at the address a name resolves to, where the connection is made', async () => {
  const { port } = await listen()
  const url = `http://receiver.example:${port}/`
  for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
    await expect(get(url, { allowPrivate: false, lookup: resolver([address]) })).rejects.toThrow(
      'receiver.example has no public address',
    )
  }
  expect(await get(url, { allowPrivate: true, lookup: resolver(['127.0.0.1']) })).toBe(200)
})

it('gains nothing for a name that resolves to something else a moment later', async () => {
  const { port } = await listen()
  let asked = 0
  const rebinding: LookupFunction = (hostname, options, callback) =>
    resolver([asked++ === 0 ? '1.1.1.1' : '127.0.0.1'])(hostname, options, callback)
  const request = outboundRequest(`http://receiver.example:${port}/`, { allowPrivate: false, lookup: rebinding })
  request.on('error', () => {})
  expect(await connectsTo(request)).toBe('1.1.1.1')
  expect(asked).toBe(1)
})

it('takes the public ones of several addresses', async () => {
  const lookup = resolver(['10.0.0.1', '2606:4700:4700::1111', '127.0.0.1'])
  const request = outboundRequest('http://receiver.example/', { allowPrivate: false, lookup })
  request.on('error', () => {})
  expect(await connectsTo(request)).toBe('2606:4700:4700::1111')
})

it('calls http and https only, and with no credentials in the address', () => {
  const refused = ['ftp://example.com/', 'file:///etc/passwd', 'data:,x', 'receiver', '', 'http://a:b@example.com/']
  for (const url of refused) expect(() => outboundRequest(url, { allowPrivate: true }), url).toThrow(AddressRefused)
})

it('follows no redirect, sends what it is given, and ends with its signal', async () => {
  const server = await listen((_, response) => response.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end())
  expect(await get(`http://127.0.0.1:${server.port}/`, { allowPrivate: true })).toBe(302)

  const silent = await listen(() => {})
  const stop = new AbortController()
  const answer = get(`http://127.0.0.1:${silent.port}/`, { allowPrivate: true, signal: stop.signal })
  const [request] = (await once(silent.server, 'request')) as [IncomingMessage]
  expect(request.headers.host).toBe(`127.0.0.1:${silent.port}`)
  stop.abort()
  await expect(answer).rejects.toMatchObject({ code: 'ABORT_ERR' })
})

it('takes an answer that goes on in another protocol for one like others, and hangs up', async () => {
  const { port } = await listen(({ socket }) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')
  })
  const request = outboundRequest(`http://127.0.0.1:${port}/`, { allowPrivate: true }).end()
  const [socket] = (await once(request, 'socket')) as [Socket]
  const closed = once(socket, 'close')
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  expect(response.statusCode).toBe(101)
  response.destroy()
  await closed
})

describe('a name', () => {
  it('is asked of the name servers, and silence about others does not hold it up', async () => {
    const asked: string[] = []
    const lookup = nameLookup([await startNameServer(asked)])
    const find = (name: string) => addressesOf(lookup, name)
    let slowEnded = 0
    const slow = Array.from({ length: 20 }, (_, number) => find(`silent-${number}.test`).catch(() => void slowEnded++))
    await expect.poll(() => asked.filter((name) => name.startsWith('silent')).length).toBeGreaterThanOrEqual(20)
    expect(await find('quick.test')).toEqual([{ address: '10.1.2.3', family: 4 }])
    await stat('.') // the threads of files are free
    expect(slowEnded).toBe(0)
    await Promise.all(slow)
    expect(slowEnded).toBe(20)
  })

  it('that is asked for by many at once is asked once', async () => {
    const asked: string[] = []
    const lookup = nameLookup([await startNameServer(asked)])
    const find = (name: string) => addressesOf(lookup, name)
    const found = await Promise.all(Array.from({ length: 9 }, () => find('quick.test')))
    expect(new Set(found.flat().map(({ address }) => address))).toEqual(new Set(['10.1.2.3']))
    expect(asked).toHaveLength(2) // its IPv4 and its IPv6 addresses
  })

  it('that the name servers do not know is asked of the system', async () => {
    const lookup = nameLookup([await startNameServer([])])
    const find = (name: string) => addressesOf(lookup, name)
    expect((await find('localhost')).map(({ address }) => address)).toContain('127.0.0.1')
  })
})

function addressesOf(lookup: LookupFunction, name: string): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookup(name, { all: true }, (error, found) => (error ? reject(error) : resolve(found as LookupAddress[])))
  })
}

/** A name server: `quick.test` is 10.1.2.3, `silent-…` is not answered, there is nothing else. */
async function startNameServer(asked: string[]): Promise<string> {
  const socket = createSocket('udp4')
  socket.on('message', (query, { port, address }) => {
    const end = query.indexOf(0, 12)
    const labels: string[] = []
    for (let at = 12; at < end; at += 1 + (query[at] ?? 0))
      labels.push(query.toString('latin1', at + 1, at + 1 + (query[at] ?? 0)))
    const name = labels.join('.')
    asked.push(name)
    if (name.startsWith('silent')) return
    const isKnown = name === 'quick.test'
    const hasAddress = isKnown && query.readUInt16BE(end + 1) === 1
    const head = Buffer.from(query.subarray(0, 12))
    head.writeUInt16BE(isKnown ? 0x8180 : 0x8183, 2) // an answer; 3 is "no such name"
    head.writeUInt16BE(hasAddress ? 1 : 0, 6)
    head.fill(0, 8)
    const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 1, 2, 3])
    socket.send(Buffer.concat([head, query.subarray(12, end + 5), ...(hasAddress ? [record] : [])]), port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  onTestFinished(() => void socket.close())
  return `127.0.0.1:${socket.address().port}`
}

async function listen(
  answer: Parameters<typeof createServer>[1] = (_, response) => response.end('ok'),
): Promise<{ server: Server; port: number }> {
  const server = createServer(answer as NonNullable<typeof answer>)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { server, port: (server.address() as AddressInfo).port }
}

/** A resolver that knows one answer. */
function resolver(addresses: readonly string[]): LookupFunction {
  return (_, __, callback) => {
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    setImmediate(() => callback(null, found))
  }
}

function get(url: string, options: OutboundOptions): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = outboundRequest(url, options)
    request.on('error', reject).on('response', (response) => {
      resolve(response.statusCode)
      response.destroy()
    })
    request.end()
  })
}

/** The first address a request's socket is told to connect to; it ends before it gets there. */
async function connectsTo(request: ReturnType<typeof outboundRequest>): Promise<string> {
  const [socket] = (await once(request, 'socket')) as [Socket]
  const [, address] = (await once(socket, 'lookup')) as [unknown, string]
  request.destroy()
  return address
}
