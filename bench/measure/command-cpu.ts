import { execFileSync } from 'node:child_process'

/** Seconds of CPU (user and system) a command takes from start to end, by GNU bash's own account. */
export function commandCpu(command: string): number {
  const script = `TIMEFORMAT='%U %S'; time { ${command}; } >/dev/null 2>/dev/null`
  const said = execFileSync('bash', ['-c', `{ ${script}; } 2>&1`], { encoding: 'utf8' })
  const [user = 0, system = 0] = said.trim().split(/\s+/).map(Number)
  return user + system
}
