import { defineCommand, Misuse } from '../command.ts'
import { completionScripts } from '../completion-scripts.ts'
import { loadCommands } from '../main.ts'

export const command = defineCommand({
  summary: 'Print the completion script of a shell.',
  usage: 'bash\nzsh\nfish',
  options: {},
  notes: `To have it in every shell:

  ~/.bashrc                   source <(sluice completion bash)
  ~/.zshrc, after compinit    source <(sluice completion zsh)
  config.fish                 sluice completion fish | source`,

  async run({ positionals: [shell = '', ...more] }) {
    const script = Object.hasOwn(completionScripts, shell) ? completionScripts[shell] : undefined
    if (!script || more[0] !== undefined) {
      throw new Misuse(`expected one of ${Object.keys(completionScripts).join(', ')}, not '${more[0] ?? shell}'`)
    }
    process.stdout.write(script(await loadCommands()))
    return 0
  },
})
