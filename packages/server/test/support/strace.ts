import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Why no process can be watched here; `undefined` when it can. */
export const noStrace = (() => {
  const { error } = spawnSync('strace', ['-o', '/dev/null', 'true'])
  return error ? 'strace is not installed' : undefined
})()

/** A system call of a process that was watched. */
export interface Step {
  readonly call: string
  /** Its arguments, with the paths of descriptors. */
  args: string
  /** When it began and when it ended, as positions in the one order of all calls. */
  readonly start: number
  end: number
  result: number
}

/** The words to put before a command, so that these calls of it are written to a file. */
export function watching(file: string, calls: readonly string[]): string[] {
  return ['strace', '-D', '-f', '-yy', '-s', '500', '--seccomp-bpf', '-e', `trace=${calls.join(',')}`, '-o', file]
}

/** Reads what was written, once the process has ended and all of it is there. */
export async function readSteps(file: string, pid: number): Promise<Step[]> {
  const end = new RegExp(`^${pid} +\\+\\+\\+ (exited|killed)`, 'm')
  for (let text = ''; ; await sleep(20)) {
    text = readFileSync(file, 'latin1')
    if (end.test(text)) return parseSteps(text.split('\n'))
  }
}

function parseSteps(lines: readonly string[]): Step[] {
  const steps: Step[] = []
  const unfinished = new Map<string, Step>()
  for (const [position, line] of lines.entries()) {
    const [, pid = '', resumed, call = '', args = ''] =
      /^(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*?)(?: <unfinished \.\.\.>)?$/.exec(line) ?? []
    const result = Number(/\)\s+= (-?\d+)[^=]*$/.exec(line)?.[1] ?? Number.NaN)
    if (resumed !== undefined) {
      // What a call gives back, as the bytes of a read, stands in its second line.
      const step = unfinished.get(`${pid} ${resumed}`)
      if (step) Object.assign(step, { args: step.args + args, end: position, result })
    } else if (call !== '') {
      const step = { call, args, start: position, end: position, result }
      steps.push(step)
      if (!line.endsWith('<unfinished ...>')) continue
      step.end = Number.POSITIVE_INFINITY
      unfinished.set(`${pid} ${call}`, step)
    }
  }
  return steps
}

/** Does something to system calls of a running process, until the process or this ends. */
export interface Injection {
  stop(): Promise<void>
}

/**
 * Lets calls of a running process fail or kill it: `rule` is what stands behind strace's `-e inject=`. With a path only
 * calls about that file or directory are meant.
 */
export async function inject(pid: number, rule: string, path?: string): Promise<Injection> {
  const calls = rule.slice(0, rule.indexOf(':'))
  const about = path === undefined ? [] : ['-P', path]
  const args = ['-f', '-p', String(pid), ...about, '-e', `trace=${calls}`, '-e', `inject=${rule}`, '-o', '/dev/null']
  const strace = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const gone = new Promise<void>((resolve) => strace.once('exit', () => resolve()))
  await attached(strace)
  return {
    async stop() {
      strace.kill('SIGINT')
      await gone
    },
  }
}

async function attached(strace: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let stderr = ''
    strace.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
      if (/attached/.test(stderr)) resolve()
    })
    strace.once('exit', () => reject(new Error(`strace: ${stderr}`)))
  })
}
