import { chmodSync, lstatSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseUgc } from '@sluice/protocol/signatures'
import { describe, expect, test } from 'vitest'
import { secretId, secretKey } from '../../client/test/memory-service.ts'
import { serveMemory, sluice } from './run-sluice.ts'
import { temporaryDirectory } from './serve-process.ts'

const url = 'https://upload.example.com'

/** A user with a home of his own. */
function user() {
  const home = temporaryDirectory()
  const config = join(home, '.config', 'sluice', 'config.json')
  const run = (args: readonly string[], env: Record<string, string> = {}, stdin = '') =>
    sluice(args, { env: { HOME: home, SLUICE_DATA_DIR: join(home, 'none'), ...env }, stdin })
  const write = (content: unknown, mode = 0o600) => {
    mkdirSync(join(config, '..'), { recursive: true })
    writeFileSync(config, typeof content === 'string' ? content : JSON.stringify(content))
    chmodSync(config, mode)
  }
  const add = (name: string, ...more: string[]) =>
    run(['profile', 'add', name, '--url', url, '--secret-id', `AKID${name}`, ...more], {}, `key-of-${name}\n`)
  const list = async () =>
    (await run(['profile', 'list', '--json'])).stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  /** The SecretId that signs. */
  const signer = async (args: readonly string[] = [], env: Record<string, string> = {}) => {
    const sha = ['--sha', '0'.repeat(40), '--name', 'n', '--type', 'mp4']
    const { code, stdout, stderr } = await run(['sign', ...sha, ...args], env)
    return code === 0 ? parseUgc(stdout.trim()).fields.get('s') : stderr
  }
  return { home, config, run, write, add, list, signer }
}

test('profiles are added, chosen and removed, in a file for its owner alone', async () => {
  const { config, add, list, run } = user()
  expect(await list()).toEqual([])
  expect(await add('work')).toMatchObject({ code: 0, stdout: '', stderr: `profile 'work' added in ${config}\n` })
  expect(await add('home')).toMatchObject({ code: 0 })
  expect(statSync(config).mode & 0o777).toBe(0o600)
  expect(JSON.parse(readFileSync(config, 'utf8'))).toEqual({
    default: 'work',
    profiles: {
      work: { url, secretId: 'AKIDwork', secretKey: 'key-of-work' },
      home: { url, secretId: 'AKIDhome', secretKey: 'key-of-home' },
    },
  })

  expect(await run(['profile', 'use', 'home'])).toMatchObject({ code: 0 })
  expect(await list()).toEqual([
    { name: 'work', default: false, url, secretId: 'AKIDwork', secretKeyFrom: 'the profile' },
    { name: 'home', default: true, url, secretId: 'AKIDhome', secretKeyFrom: 'the profile' },
  ])
  const { stdout } = await run(['profile', 'list'])
  expect(stdout).toMatch(/^\* {2}home +https:\/\/upload\.example\.com +AKIDhome +the profile$/m)
  expect(stdout).not.toContain('key-of')

  expect(await add('work')).toMatchObject({ stderr: `profile 'work' replaced in ${config}\n` })
  expect(await run(['profile', 'rm', 'home'])).toMatchObject({ code: 0 })
  expect((await list()).map(({ name, default: fallback }) => [name, fallback])).toEqual([['work', false]])
  expect(await run(['profile', 'rm', 'home'])).toMatchObject({
    code: 1,
    stderr: `sluice profile: there is no profile 'home' in ${config}\n`,
  })
})

test('a configuration file that is a link stays one', async () => {
  const { home, config, add } = user()
  const target = join(home, 'dotfile.json')
  writeFileSync(target, '{"profiles":{}}')
  mkdirSync(join(config, '..'), { recursive: true })
  symlinkSync(target, config)
  expect(await add('work')).toMatchObject({ code: 0 })
  expect(lstatSync(config).isSymbolicLink()).toBe(true)
  expect(readFileSync(target, 'utf8')).toContain('AKIDwork')
  expect(statSync(target).mode & 0o777).toBe(0o600)
})

test('an upload goes to the service of the profile, with its credentials', async () => {
  const { home, run } = user()
  const service = await serveMemory()
  try {
    const video = join(home, 'video.mp4')
    writeFileSync(video, Buffer.alloc(1000, 7))
    await run(['profile', 'add', 'test', '--url', service.url, '--secret-id', secretId], {}, secretKey)
    expect(await run(['upload', video])).toMatchObject({ code: 0 })
    expect(service.files.size).toBe(1)
  } finally {
    service.close()
  }
})

test('--profile goes before the environment, and that before SLUICE_PROFILE and the default', async () => {
  const { add, signer } = user()
  await add('work')
  await add('home')
  const keys = { SLUICE_SECRET_ID: 'AKIDenv', SLUICE_SECRET_KEY: 'key' }
  expect(await signer()).toBe('AKIDwork')
  expect(await signer([], { SLUICE_PROFILE: 'home' })).toBe('AKIDhome')
  expect(await signer([], { SLUICE_PROFILE: 'home', ...keys })).toBe('AKIDenv')
  expect(await signer(['--profile', 'home'], { SLUICE_PROFILE: 'work', ...keys })).toBe('AKIDhome')
  expect(await signer([], { SLUICE_SECRET_ID: 'AKIDenv' })).toContain('SLUICE_SECRET_KEY is not set')
  expect(await signer(['--profile', 'hone'])).toMatch(/--profile: 'hone' is not in .*config\.json \(work, home\); see/)
  expect(await signer([], { SLUICE_PROFILE: 'hone' })).toMatch(/SLUICE_PROFILE: 'hone' is not in/)
})

test('SLUICE_CONFIG and XDG_CONFIG_HOME say where the file is', async () => {
  const { home, config, write, signer } = user()
  write({ default: 'a', profiles: { a: { url, secretId: 'AKIDa', secretKey: 'k' } } })
  for (const [env, path] of [
    [{ XDG_CONFIG_HOME: join(home, 'xdg') }, join(home, 'xdg', 'sluice', 'config.json')],
    [{ SLUICE_CONFIG: join(home, 'mine.json'), XDG_CONFIG_HOME: join(home, 'xdg') }, join(home, 'mine.json')],
  ] as const) {
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, readFileSync(config, 'utf8').replaceAll('AKIDa', path), { mode: 0o600 })
    expect(await signer([], env)).toBe(path)
  }
})

describe('the secret key', () => {
  test('is in a file of its own, or in the environment', async () => {
    const { home, config, write, add, signer, run } = user()
    const key = join(home, 'work.key')
    writeFileSync(key, 'key\n', { mode: 0o600 })
    expect(await add('work', '--secret-key-file', key)).toMatchObject({ code: 0 })
    expect(readFileSync(config, 'utf8')).not.toContain('"secretKey"')
    expect(await signer()).toBe('AKIDwork')

    write({ default: 'bare', profiles: { bare: { url, secretId: 'AKIDbare' } } })
    expect(await signer([], { SLUICE_SECRET_KEY: 'key' })).toBe('AKIDbare')
    expect(await signer()).toContain(
      `${config}: profile 'bare' has no secretKey and no secretKeyFile, and SLUICE_SECRET_KEY`,
    )
    expect((await run(['profile', 'list'])).stdout).toMatch(/AKIDbare +SLUICE_SECRET_KEY$/m)
  })

  test('in a file that others may read is refused, with what to do', async () => {
    const { home, config, write, signer, add } = user()
    write({ default: 'a', profiles: { a: { url, secretId: 'AKIDa', secretKey: 'k' } } }, 0o644)
    expect(await signer()).toBe(
      `sluice sign: ${config} holds the secretKey of profile 'a', and others may read it (0644); run: chmod 600 ${config}\n`,
    )
    chmodSync(config, 0o600)
    expect(await signer()).toBe('AKIDa')

    const key = join(home, 'a.key')
    writeFileSync(key, 'key', { mode: 0o640 })
    expect(await add('a', '--secret-key-file', key)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`(0640); run: chmod 600 ${key}`),
    })
    write({ default: 'a', profiles: { a: { url, secretId: 'AKIDa', secretKeyFile: '../../a.key' } } }, 0o644)
    expect(await signer()).toContain(`run: chmod 600 ${key}`)
    chmodSync(key, 0o400)
    expect(await signer()).toBe('AKIDa')
    writeFileSync(key, '', { mode: 0o600 })
    chmodSync(key, 0o600)
    expect(await signer()).toContain(`${key}: expected the secretKey of profile 'a', found an empty file`)
    write({ default: 'a', profiles: { a: { url, secretId: 'AKIDa', secretKeyFile: 'lost.key' } } })
    expect(await signer()).toContain(`${config}: profile 'a': secretKeyFile: there is no file`)
  })

  test('is never taken from the command line, nor left empty', async () => {
    const { run } = user()
    const add = ['profile', 'add', 'work', '--url', url, '--secret-id', 'AKID']
    expect(await run([...add, '--secret-key', 'k'])).toMatchObject({ code: 2 })
    expect(await run(add, {}, '\n')).toMatchObject({ code: 2, stderr: expect.stringContaining('on standard input') })
    expect(await run(add, {}, 'two words')).toMatchObject({ code: 2 })
  })
})

test.each([
  ['{', 'expected JSON: '],
  [[], 'expected { "default", "profiles" }'],
  [{ profiles: {}, defualt: 'a' }, "'defualt' is not known; expected default or profiles"],
  [{ profiles: {}, default: 'a' }, 'default: expected the name of a profile, found "a"'],
  [{ profiles: { a: 'https://x' } }, "profile 'a': expected an object"],
  [{ profiles: { a: { url } } }, "profile 'a': secretId: expected a text, found none"],
  [{ profiles: { a: { url: 'upload.example.com', secretId: 'i' } } }, "profile 'a': url: expected an address like"],
  [{ profiles: { a: { url, secretId: 'i', secretkey: 'k' } } }, "profile 'a': 'secretkey' is not known"],
  [{ profiles: { a: { url, secretId: 'i', secretKey: 7 } } }, "profile 'a': secretKey: expected a text"],
  [{ profiles: { a: { url, secretId: 'i', secretKey: 'k', secretKeyFile: 'f' } } }, "profile 'a': expected one of"],
])('a wrong file is told by its path, profile and member: %j', async (content, why) => {
  const { config, write, signer } = user()
  write(content)
  expect(await signer()).toContain(`${config}: ${why}`)
})

test.each([
  [['profile'], 'expected list, add, use or rm'],
  [['profile', 'list', 'work'], "unexpected argument 'work'"],
  [['profile', 'use'], 'NAME is missing'],
  [['profile', 'add', 'a b', '--url', url, '--secret-id', 'i'], "NAME must be letters, digits, '.', '_' and '-'"],
  [['profile', 'add', 'a', '--url', 'example.com', '--secret-id', 'i'], 'expected --url with an address'],
  [['profile', 'add', 'a', '--url', url], "expected --secret-id with the app's SecretId"],
])('misuse ends with 2: %j', async (args, why) => {
  expect(await user().run(args)).toMatchObject({ code: 2, stderr: expect.stringContaining(why) })
})
