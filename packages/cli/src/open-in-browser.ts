import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** What opens an address on each system, with the arguments before it. */
const openers: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
}

/** Opens an address in the user's browser. Throws when there is nothing to open it with. */
export async function openInBrowser(url: URL): Promise<void> {
  const [command = '', ...args] = openers[process.platform] ?? ['xdg-open']
  const child = spawn(command, [...args, url.href], { stdio: 'ignore', detached: true })
  try {
    await once(child, 'spawn')
  } catch (cause) {
    throw new Error(`there is no ${command} to open a browser with; --print shows the address`, { cause })
  }
  child.unref()
}
