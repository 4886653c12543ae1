import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const pictures = ['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=25:d=3']
const tone = ['-f', 'lavfi', '-i', 'sine=f=440:d=3']
const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac']

/** Makes files with ffmpeg in a directory and reads them: three seconds of 320 × 180 pixels and a tone. */
export function videoMaker(directory: string): (name: string, ...options: string[]) => Buffer {
  const ffmpeg = (...args: string[]) => execFileSync('ffmpeg', ['-v', 'error', '-y', '-threads', '1', ...args])
  const base = join(directory, 'base.mp4')
  ffmpeg(...pictures, ...tone, ...h264, '-movflags', '+faststart', base)
  /** From the pictures and the tone when it names a codec of its own, else what is there in another container. */
  return (name, ...options) => {
    const path = join(directory, name)
    const inputs = options.some((option) => option.startsWith('-c:'))
      ? [...pictures, ...tone]
      : ['-i', base, '-c', 'copy']
    ffmpeg(...inputs, ...options, path)
    return readFileSync(path)
  }
}
