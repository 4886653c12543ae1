import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'

/** A process that says when it is asked to stop, answers what it is told, and stops when its standard input ends. */
function startProcess() {
  const program = `
    import { onStopSignal } from '${new URL('../src/stop-signal.ts', import.meta.url)}'
    let exitCode
    onStopSignal((code) => {
      exitCode = code
      console.log('stop', code)
    })
    process.stdin.on('data', () => console.log('here')).on('end', () => process.exit(exitCode))
    console.log('ready')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  return { child, ended: once(child, 'close'), said: () => said }
}

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  '%s asks to stop; one that follows at once is the same, a later one is not waited for',
  async (signal, code) => {
    const [patient, hasty] = [startProcess(), startProcess()]
    for (const { child, said } of [patient, hasty]) {
      await expect.poll(said).toBe('ready\n')
      child.kill(signal)
      await expect.poll(said).toBe(`ready\nstop ${code}\n`)
    }
    patient.child.kill(signal)
    for (let told = 1; told <= 3; told++) {
      patient.child.stdin.write('?')
      await expect.poll(patient.said).toBe(`ready\nstop ${code}\n${'here\n'.repeat(told)}`)
    }
    patient.child.stdin.end()
    expect(await patient.ended).toEqual([code, null])

    await sleep(1_100)
    hasty.child.kill(signal)
    expect(await hasty.ended).toEqual([code, null])
  },
)
