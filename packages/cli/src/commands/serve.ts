import { defineCommand } from '../command.ts'

export const command = defineCommand({
  summary: '',
  usage: '[options]',
  options: {},
  async run() {
    throw new Error('not written yet')
  },
})
