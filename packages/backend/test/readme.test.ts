import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))

it('what the README shows compiles', { timeout: 60_000 }, async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const programs = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, program = '']) => program)
  expect(programs.length).toBeGreaterThan(5)

  const directory = await mkdtemp(join(tmpdir(), 'sluice-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'))
  for (const [n, program] of programs.entries()) {
    await writeFile(join(directory, `program-${n}.ts`), `${program}\nexport {}\n`)
  }
  const options = { rootDir: '/', typeRoots: [join(root, 'node_modules/@types')], noUnusedLocals: false }
  const config = { extends: join(root, 'tsconfig.json'), compilerOptions: options, include: ['*.ts'] }
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(config))
  await writeFile(join(directory, 'package.json'), '{"type":"module"}')
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const compiled = promisify(execFile)(process.execPath, [tsc, '-p', directory])
  expect(await compiled.catch((error: { stdout: string; stderr: string }) => error)).toEqual({ stdout: '', stderr: '' })
})
