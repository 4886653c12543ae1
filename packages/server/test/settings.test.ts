import { resolve } from 'node:path'
import { readSettings, SettingError, settingsTable } from '@sluice/server'
import { describe, expect, it } from 'vitest'

type Name = keyof typeof settingsTable

/** What a setting is read as. */
function read(name: Name, text: string | undefined): unknown {
  return readSettings({ [name]: text })[name]
}

/** What is said of a wrong environment. */
function complaint(environment: Record<string, string>): string {
  try {
    readSettings(environment)
  } catch (error) {
    expect(error).toBeInstanceOf(SettingError)
    return (error as SettingError).message // checked above
  }
  throw new Error('the settings were taken')
}

it('an empty environment is the documented default of every setting', () => {
  expect(readSettings({})).toMatchObject({
    SLUICE_HOST: '127.0.0.1',
    SLUICE_PORT: 8266,
    SLUICE_DATA_DIR: resolve('data'),
    SLUICE_PUBLIC_URL: undefined,
    SLUICE_PUBLIC_HOSTS: [],
    SLUICE_PUBLIC_PATHS: [],
    SLUICE_APP_ID: undefined,
    SLUICE_SECRET_ID: undefined,
    SLUICE_SECRET_KEY: undefined,
    SLUICE_MEMORY_BUDGET: 67_108_864,
    SLUICE_MAX_FILE_SIZE: 68_719_476_736,
    SLUICE_MAX_FILE_NAME: 40,
    SLUICE_UPLOAD_TTL: 86_400_000,
    SLUICE_MIN_FREE_SPACE: 268_435_456,
    SLUICE_INSTANT_UPLOAD_SERVER: 'auto',
    SLUICE_INSTANT_UPLOAD_UGC: 'code2',
    SLUICE_RATE_LIMITS: 'off',
    SLUICE_MAINTENANCE: 'off',
    SLUICE_HEADER_TIMEOUT: 15_000,
    SLUICE_BODY_IDLE_TIMEOUT: 30_000,
    SLUICE_BODY_TIMEOUT: 300_000,
    SLUICE_KEEP_ALIVE_TIMEOUT: 75_000,
    SLUICE_DRAIN_TIMEOUT: 30_000,
    SLUICE_LOG_LEVEL: 'info',
  })
})

it.each(Object.keys(settingsTable) as Name[])('%s means its default when it is blank', (name) => {
  const byDefault = readSettings({})[name]
  for (const blank of ['', '   ']) expect(read(name, blank)).toEqual(byDefault)
  expect(settingsTable[name].about).toMatch(/\.$/)
})

const good: [Name, string, unknown][] = [
  ['SLUICE_HOST', '0.0.0.0', '0.0.0.0'],
  ['SLUICE_HOST', ' ::1 ', '::1'],
  ['SLUICE_PORT', '0', 0],
  ['SLUICE_PORT', '65535', 65_535],
  ['SLUICE_DATA_DIR', '/var/lib/sluice', '/var/lib/sluice'],
  ['SLUICE_DATA_DIR', './a/../b', resolve('b')],
  ['SLUICE_PUBLIC_URL', 'https://video.example.com', 'https://video.example.com'],
  ['SLUICE_PUBLIC_URL', 'http://{appId}.example.com:8080/media//', 'http://{appId}.example.com:8080/media'],
  ['SLUICE_PUBLIC_HOSTS', 'a.example.com', ['a.example.com']],
  ['SLUICE_PUBLIC_HOSTS', 'a.example.com:8443, b,, [::1]:80 ,', ['a.example.com:8443', 'b', '[::1]:80']],
  ['SLUICE_PUBLIC_PATHS', '/vod/v3/index.php, /x', ['/vod/v3/index.php', '/x']],
  ['SLUICE_MEMORY_BUDGET', '1MiB', 1_048_576],
  ['SLUICE_MAX_FILE_SIZE', '5', 5],
  ['SLUICE_MAX_FILE_SIZE', '512KiB', 524_288],
  ['SLUICE_MAX_FILE_SIZE', '2 GiB', 2_147_483_648],
  ['SLUICE_MAX_FILE_SIZE', '1TiB', 1_099_511_627_776],
  ['SLUICE_MAX_FILE_NAME', '1', 1],
  ['SLUICE_MAX_FILE_NAME', '1000', 1_000],
  ['SLUICE_UPLOAD_TTL', '90m', 5_400_000],
  ['SLUICE_UPLOAD_TTL', '30d', 2_592_000_000],
  ['SLUICE_MIN_FREE_SPACE', '0', 0],
  ['SLUICE_INSTANT_UPLOAD_SERVER', 'auto', 'auto'],
  ['SLUICE_INSTANT_UPLOAD_SERVER', 'resume', 'resume'],
  ['SLUICE_INSTANT_UPLOAD_SERVER', 'code2', 'code2'],
  ['SLUICE_INSTANT_UPLOAD_SERVER', 'off', 'off'],
  ['SLUICE_INSTANT_UPLOAD_UGC', 'code2', 'code2'],
  ['SLUICE_INSTANT_UPLOAD_UGC', 'off', 'off'],
  ['SLUICE_RATE_LIMITS', 'documented', 'documented'],
  ['SLUICE_MAINTENANCE', 'on', 'on'],
  ['SLUICE_HEADER_TIMEOUT', '1500ms', 1_500],
  ['SLUICE_BODY_IDLE_TIMEOUT', '5 s', 5_000],
  ['SLUICE_BODY_TIMEOUT', '1h', 3_600_000],
  ['SLUICE_KEEP_ALIVE_TIMEOUT', '1s', 1_000],
  ['SLUICE_DRAIN_TIMEOUT', '1ms', 1],
  ['SLUICE_BODY_TIMEOUT', '24d', 2_073_600_000],
  ['SLUICE_LOG_LEVEL', 'silent', 'silent'],
  ['SLUICE_LOG_LEVEL', 'debug', 'debug'],
]

it.each(good)('%s may be "%s"', (name, text, value) => {
  expect(read(name, text)).toEqual(value)
})

/** Settings that become timers, which count in 31 bits of milliseconds. */
const timeouts = [
  'SLUICE_HEADER_TIMEOUT',
  'SLUICE_BODY_IDLE_TIMEOUT',
  'SLUICE_BODY_TIMEOUT',
  'SLUICE_KEEP_ALIVE_TIMEOUT',
  'SLUICE_DRAIN_TIMEOUT',
] as const

const bad: [Name, string][] = [
  ['SLUICE_HOST', 'a\nb'],
  ['SLUICE_PORT', '65536'],
  ['SLUICE_PORT', '-1'],
  ['SLUICE_PORT', '80.5'],
  ['SLUICE_PORT', '0x50'],
  ['SLUICE_PORT', 'http'],
  ['SLUICE_DATA_DIR', '/a\u0000b'],
  ['SLUICE_PUBLIC_URL', 'video.example.com'],
  ['SLUICE_PUBLIC_URL', 'ftp://video.example.com'],
  ['SLUICE_PUBLIC_URL', 'https://'],
  ['SLUICE_PUBLIC_URL', 'https://video.example.com/?a=1'],
  ['SLUICE_PUBLIC_URL', 'https://video.example.com/#top'],
  ['SLUICE_PUBLIC_HOSTS', 'https://a.example.com'],
  ['SLUICE_PUBLIC_HOSTS', 'a b'],
  ['SLUICE_PUBLIC_PATHS', 'v3/index.php'],
  ['SLUICE_PUBLIC_PATHS', '/a?b'],
  ['SLUICE_TRUSTED_PROXIES', 'proxy.example.com'],
  ['SLUICE_TRUSTED_PROXIES', '10.0.0'],
  ['SLUICE_TRUSTED_PROXIES', '10.0.0.0/33'],
  ['SLUICE_TRUSTED_PROXIES', '::1/129'],
  ['SLUICE_APP_ID', '0'],
  ['SLUICE_APP_ID', 'mine'],
  ['SLUICE_SECRET_ID', 'a\u0007b'],
  ['SLUICE_MEMORY_BUDGET', '1023KiB'],
  ['SLUICE_MAX_FILE_SIZE', '1GB'],
  ['SLUICE_MAX_FILE_SIZE', '1.5GiB'],
  ['SLUICE_MAX_FILE_SIZE', '-1'],
  ['SLUICE_MAX_FILE_SIZE', 'GiB'],
  ['SLUICE_MAX_FILE_NAME', '0'],
  ['SLUICE_MAX_FILE_NAME', '1001'],
  ['SLUICE_UPLOAD_TTL', '24'],
  ['SLUICE_UPLOAD_TTL', '1w'],
  ['SLUICE_UPLOAD_TTL', '-1h'],
  ['SLUICE_MIN_FREE_SPACE', 'some'],
  ['SLUICE_INSTANT_UPLOAD_SERVER', 'on'],
  ['SLUICE_INSTANT_UPLOAD_UGC', 'resume'],
  ['SLUICE_RATE_LIMITS', '100'],
  ['SLUICE_MAINTENANCE', 'true'],
  ['SLUICE_HEADER_TIMEOUT', '15'],
  ['SLUICE_BODY_IDLE_TIMEOUT', 'never'],
  ['SLUICE_BODY_TIMEOUT', '5 minutes'],
  ['SLUICE_KEEP_ALIVE_TIMEOUT', ':30'],
  ['SLUICE_DRAIN_TIMEOUT', '3e1s'],
  ['SLUICE_LOG_LEVEL', 'trace'],
  ...timeouts.map((name): [Name, string] => [name, '25d']),
  ...timeouts.map((name): [Name, string] => [name, '0s']),
]

it.each(bad)('%s may not be "%s"; the complaint names it and what was found', (name, text) => {
  const message = complaint({ [name]: text })
  expect(message).toMatch(new RegExp(`^${name}: .+, found `))
  expect(message).toContain(`found "${text}"`)
})

describe('trusted proxies', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1', true],
    ['10.0.0.1', '10.0.0.2', false],
    ['10.0.0.0/8, 192.168.1.7', '10.255.0.1', true],
    ['10.0.0.0/8, 192.168.1.7', '192.168.1.7', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['0.0.0.0/0', '1.2.3.4', true],
    ['fd00::/8', 'fd12::1', true],
    ['::1', '::2', false],
  ] as const)('%s hold %s: %s', (text, address, held) => {
    const proxies = readSettings({ SLUICE_TRUSTED_PROXIES: text }).SLUICE_TRUSTED_PROXIES
    expect(proxies.check(address, address.includes(':') ? 'ipv6' : 'ipv4')).toBe(held)
  })
})

describe('the app of the environment', () => {
  const app = { SLUICE_APP_ID: '1251000001', SLUICE_SECRET_ID: 'AKID1', SLUICE_SECRET_KEY: 'hidden' }

  it('has an id and a key pair', () => {
    const settings = readSettings(app)
    expect(settings).toMatchObject({ ...app, SLUICE_APP_ID: 1_251_000_001 })
    expect(readSettings({ ...app, SLUICE_APP_ID: '' }).SLUICE_APP_ID).toBeUndefined()
  })

  it('is refused with half a key pair, or none', () => {
    expect(complaint({ SLUICE_SECRET_ID: 'AKID1' })).toMatch(/^SLUICE_SECRET_ID and SLUICE_SECRET_KEY: /)
    expect(complaint({ SLUICE_SECRET_KEY: 'hidden' })).toMatch(/^SLUICE_SECRET_ID and SLUICE_SECRET_KEY: /)
    expect(complaint({ SLUICE_APP_ID: '1251000001' })).toMatch(/^SLUICE_APP_ID: .*SLUICE_SECRET_ID/)
  })

  it('never has its key shown', () => {
    const wrong = [
      { ...app, SLUICE_SECRET_KEY: 'hidden\u0001hidden' },
      { ...app, SLUICE_SECRET_ID: '' },
      { ...app, SLUICE_SECRET_ID: 'AKID\u00011' },
      { ...app, SLUICE_APP_ID: 'x' },
    ]
    for (const environment of wrong) expect(complaint(environment)).not.toContain('hidden')
    expect(complaint(wrong[0] ?? {})).toBe('SLUICE_SECRET_KEY: expected a text without control characters')
  })
})

it('the first wrong setting is named', () => {
  expect(complaint({ SLUICE_LOG_LEVEL: 'loud', SLUICE_PORT: 'http' })).toMatch(/^SLUICE_PORT: /)
})
