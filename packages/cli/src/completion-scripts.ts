import type { Command, Option } from './command.ts'

/** What a shell can propose for a value: these words, files, or nothing. */
type Proposed = readonly string[] | 'files' | 'nothing'

interface Row {
  readonly name: string
  readonly short: string | undefined
  readonly text: string
  readonly many: boolean
  /** The value's name and what is proposed for it; undefined for a flag. */
  readonly value: { readonly name: string; readonly proposed: Proposed } | undefined
}

interface Page {
  readonly name: string
  readonly summary: string
  readonly verbs: readonly string[]
  readonly files: boolean
  readonly options: readonly Row[]
}

/** The shells there is a script for, each made from the commands' tables. */
export const completionScripts: Readonly<Record<string, (commands: ReadonlyMap<string, Command>) => string>> = {
  bash: (commands) => bash(pagesOf(commands)),
  zsh: (commands) => zsh(pagesOf(commands)),
  fish: (commands) => fish(pagesOf(commands)),
}

function pagesOf(commands: ReadonlyMap<string, Command>): Page[] {
  return Array.from(commands, ([name, { summary, usage, options }]) => ({
    name,
    summary,
    verbs: verbsOf(usage),
    files: usage.includes('FILE|FOLDER'),
    options: [...Object.entries(options).map(rowOf), rowOf(['help', { short: 'h', text: 'show help' }])],
  }))
}

/** The lines of a usage begin with a verb, if the command has any. */
export function verbsOf(usage: string): string[] {
  const words = usage.split('\n').map((line) => /^[a-z][a-z-]*(?= |$)/.exec(line)?.[0])
  return [...new Set(words.filter((word) => word !== undefined))]
}

function rowOf([name, { short, text, value, many }]: [string, Option]): Row {
  return {
    name,
    short,
    text,
    many: many ?? false,
    value: value === undefined ? undefined : { name: value, proposed: propose(value) },
  }
}

function propose(value: string): Proposed {
  if (value.includes('|')) return value.split('|')
  return value === 'FILE' || value === 'IMAGE' ? 'files' : 'nothing'
}

function bash(pages: readonly Page[]): string {
  const cases = pages.map(({ name, verbs, files, options }) => {
    const values = options.map(({ name, value }) => {
      if (!value) return ''
      const { proposed } = value
      const then = proposed === 'files' ? 'files=1' : proposed === 'nothing' ? ':' : `words='${proposed.join(' ')}'`
      return `        --${name}) ${then}; return;;\n`
    })
    const flags = options.map((option) => `--${option.name}`).join(' ')
    const rest = verbs.length > 0 ? `if ((at == 2)); then words='${verbs.join(' ')}'; fi` : files ? 'files=1' : ':'
    return `    ${name})
      case $prev in
${values.join('')}      esac
      if [[ $cur == -* ]]; then words='${flags}'; else ${rest}; fi;;
`
  })
  return `# bash completion for sluice. In ~/.bashrc: source <(sluice completion bash)
_sluice_words() {
  if ((at == 1)); then
    words='${pages.map(({ name }) => name).join(' ')} --help --version'
    return
  fi
  case $command in
${cases.join('')}  esac
}
_sluice() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]} at=$COMP_CWORD
  local words='' files=''
  _sluice_words
  COMPREPLY=()
  if [[ $files ]]; then return; fi
  compopt +o default +o bashdefault 2>/dev/null
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -o bashdefault -F _sluice sluice
`
}

function zsh(pages: readonly Page[]): string {
  const text = (words: string) => words.replace(/[[\]:\\]/g, '\\$&').replaceAll("'", "'\\''")
  const cases = pages.map(({ name, verbs, files, options }) => {
    const specs = options.map(({ name, short, text: about, many, value }) => {
      const proposed = value?.proposed
      const action = proposed === 'files' ? '_files' : proposed === 'nothing' ? ' ' : `(${proposed?.join(' ')})`
      const takes = value ? `:${text(value.name)}:${action}` : ''
      const spec = (option: string) => `'${many ? '*' : ''}${option}[${text(about)}]${takes}'`
      return [spec(`--${name}`), ...(short === undefined ? [] : [spec(`-${short}`)])].join(' ')
    })
    if (verbs.length > 0) specs.push(`'1:verb:(${verbs.join(' ')})'`)
    if (files) specs.push("'*:file:_files'")
    return `    ${name}) _arguments -s ${specs.join(' \\\n      ')};;\n`
  })
  return `#compdef sluice
# zsh completion for sluice. In ~/.zshrc, after compinit: source <(sluice completion zsh)
_sluice() {
  local -a commands
  commands=(
${pages.map(({ name, summary }) => `    '${name}:${text(summary)}'`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('')}  esac
}
compdef _sluice sluice
`
}

function fish(pages: readonly Page[]): string {
  const text = (words: string) => `'${words.replace(/['\\]/g, '\\$&')}'`
  const lines = pages.flatMap(({ name, summary, verbs, files, options }) => {
    const when = `-n ${text(`__fish_seen_subcommand_from ${name}`)}`
    const rows = options.map(({ name, short, text: about, value }) => {
      const proposed = value?.proposed
      const takes = !value ? '' : proposed === 'files' ? ' -r -F' : ` -x${takesWords(proposed)}`
      return `complete -c sluice ${when} -l ${name}${short ? ` -s ${short}` : ''}${takes} -d ${text(about)}`
    })
    const noVerb = `-n ${text(`__fish_seen_subcommand_from ${name}; and not __fish_seen_subcommand_from ${verbs.join(' ')}`)}`
    return [
      `complete -c sluice -n __fish_use_subcommand -a ${name} -d ${text(summary)}`,
      ...(verbs.length > 0 ? [`complete -c sluice ${noVerb} -a ${text(verbs.join(' '))}`] : []),
      ...(files ? [`complete -c sluice ${when} -F`] : []),
      ...rows,
    ]
  })
  return `# fish completion for sluice. In config.fish: sluice completion fish | source
complete -c sluice -f
complete -c sluice -n __fish_use_subcommand -l help -d 'list the commands'
complete -c sluice -n __fish_use_subcommand -l version -d 'print the version'
${lines.join('\n')}
`
}

function takesWords(proposed: Proposed | undefined): string {
  return Array.isArray(proposed) ? ` -a '${proposed.join(' ')}'` : ''
}
