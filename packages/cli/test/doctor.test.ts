import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { makeCertificates } from './doctor/certificates.ts'
import { freePort, proxyTo } from './doctor/proxy.ts'
import { sluice } from './run-sluice.ts'
import { serve, temporaryDirectory } from './serve-process.ts'

const checks = ['address', 'tls', 'clock', 'credentials', 'cors', 'query', 'bodies', 'files', 'process', 'disk', 'keys']

async function startService() {
  const env = { SLUICE_DATA_DIR: join(temporaryDirectory(), 'data'), SLUICE_LOG_LEVEL: 'silent' }
  const { url } = await serve(env)
  return { env: { ...env, SLUICE_URL: url }, url }
}

describe('sluice doctor', () => {
  test('finds nothing wrong with a service on its own machine, and leaves nothing behind', async () => {
    const { env, url } = await startService()
    const { code, stdout, stderr } = await sluice(['doctor'], { env })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const lines = stdout.split('\n').filter((line) => !line.startsWith(' '))
    expect(lines.map((line) => line.split(/ +/)[1])).toEqual([...checks, undefined])
    expect(stdout).toMatch(/^✓ address {6}Sluice answers at http:\/\/\S+\/v3\/index\.php and is healthy$/m)
    expect(stdout).not.toContain('\u001b')
    const metrics = await (await fetch(`${url}/metrics`)).text()
    expect(metrics).toMatch(/^sluice_open_uploads 0$/m)
    expect((await sluice(['files', 'list', '--json'], { env })).stdout).toBe('')
  })

  test('prints one object a line with --json, and ends with 1 when something failed', async () => {
    const { env, url } = await startService()
    const SLUICE_URL = await proxyTo(url, { maxBodyBytes: 100_000, host: 'backend.internal' })
    const { code, stdout } = await sluice(['doctor', '--json'], { env: { ...env, SLUICE_URL } })
    expect(code).toBe(1)
    const findings = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(findings.map(({ check }) => check)).toEqual(checks)
    const bad = findings.filter(({ state }) => state === 'failed')
    expect(bad.map(({ check }) => check)).toEqual(['credentials', 'bodies'])
    for (const { finding, remedy } of bad) expect([typeof finding, typeof remedy]).toEqual(['string', 'string'])
  })

  test('skips what needs an answer when there is none, and still looks at this machine', async () => {
    const { env } = await startService()
    const port = await freePort()
    const { code, stdout } = await sluice(['doctor', '--url', `http://127.0.0.1:${port}`], { env })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^✗ address {6}nothing listens on 127\.0\.0\.1:\d+\n {15}→ Start sluice serve/m)
    expect(stdout.match(/^- .*the address does not answer$/gm)).toHaveLength(8)
    expect(stdout).toMatch(/^✓ keys {9}/m)
  })

  test('without credentials and data skips what needs them', async () => {
    const { url } = await startService()
    const env = { SLUICE_URL: url, SLUICE_DATA_DIR: '/nowhere' }
    const { code, stdout } = await sluice(['doctor'], { env })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^- credentials {2}no credentials: name a profile/m)
    expect(stdout.match(/^- (disk|keys) {9}no data directory here: run this on the service's machine/gm)).toHaveLength(
      2,
    )
  })

  test('takes address and credentials from a profile', async () => {
    const { env, url } = await startService()
    const app = JSON.parse((await sluice(['app', 'create', '--json'], { env })).stdout)
    const config = { SLUICE_CONFIG: join(temporaryDirectory(), 'config.json'), SLUICE_DATA_DIR: '/nowhere' }
    const add = ['profile', 'add', 'work', '--url', url, '--secret-id', app.secretId]
    expect(await sluice(add, { env: config, stdin: app.secretKey })).toMatchObject({ code: 0 })
    const { code, stdout } = await sluice(['doctor', '--profile', 'work'], { env: config })
    expect(code).toBe(0)
    expect(stdout).toContain(`✓ credentials  ${app.secretId} is good, and so is the host ${new URL(url).host}\n`)
  })

  test('sends nothing signed to who has a certificate that is not trusted', async () => {
    const { env, url } = await startService()
    const { ca, good } = makeCertificates()
    const SLUICE_URL = await proxyTo(url, { tls: good })
    const distrustful = await sluice(['doctor'], { env: { ...env, SLUICE_URL } })
    expect(distrustful.code).toBe(1)
    expect(distrustful.stdout).toMatch(/^✗ tls {10}nobody this machine trusts/m)
    expect(distrustful.stdout).toMatch(/^- credentials {2}nothing signed is sent/m)

    const NODE_EXTRA_CA_CERTS = join(temporaryDirectory(), 'ca.crt')
    writeFileSync(NODE_EXTRA_CA_CERTS, ca)
    const trusting = await sluice(['doctor'], { env: { ...env, SLUICE_URL, NODE_EXTRA_CA_CERTS } })
    expect(trusting.code).toBe(0)
    expect(trusting.stdout).toMatch(/^✓ credentials {2}.* is good/m)
  })

  test.each([
    [['now'], /unexpected argument 'now', use --url/],
    [['--origin', 'www.example.com'], /--origin must be like https:\/\/www\.example\.com, not 'www\.example\.com'/],
    [['--url', 'localhost'], /--url must be like/],
  ])('%j is misuse', async (args, stderr) => {
    expect(await sluice(['doctor', ...args])).toMatchObject({ code: 2, stderr: expect.stringMatching(stderr) })
  })
})
