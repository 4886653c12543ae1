/** What the test of the element can do in its page, beside what `page.js` can. */
import '/page.js'

const kinds = ['added', 'uploaded', 'error', 'removed']
const told = []
for (const kind of kinds) {
  addEventListener(`sluice-${kind}`, ({ target, detail: { id, file, error, ...more } }) => {
    told.push({ kind, element: target.id, name: file.name, ...(error && { code: error.code }), ...more })
  })
}

let lastProgress
addEventListener('sluice-progress', ({ detail }) => {
  lastProgress = detail.progress
})

/** Files that `makeFile` made, as they are dropped or pasted. */
async function transferOf(names) {
  const root = await navigator.storage.getDirectory()
  const transfer = new DataTransfer()
  for (const name of names) transfer.items.add(await (await root.getFileHandle(name)).getFile())
  return transfer
}

async function drop(selector, names) {
  const init = { dataTransfer: await transferOf(names), bubbles: true, cancelable: true, composed: true }
  const element = document.querySelector(selector)
  for (const type of ['dragover', 'drop']) element.dispatchEvent(new DragEvent(type, init))
}

async function paste(selector, name) {
  const init = { clipboardData: await transferOf([name]), bubbles: true, cancelable: true, composed: true }
  document.querySelector(selector).dispatchEvent(new ClipboardEvent('paste', init))
}

const textOfZone = () => document.querySelector('sluice-upload').shadowRoot.querySelector('[part=dropzone]').textContent

/** What a screen reader is told by an element, from now on. */
const said = []
function listen(selector) {
  const region = document.querySelector(selector).shadowRoot.querySelector('[role=status]')
  new MutationObserver(() => said.push(region.textContent)).observe(region, { childList: true })
}

/** The name of what has the focus within an element. */
function focused() {
  const { activeElement } = document.activeElement.shadowRoot
  return activeElement.getAttribute('aria-label') ?? activeElement.textContent
}

const asksBeforeLeaving = () => !dispatchEvent(new Event('beforeunload', { cancelable: true }))

Object.assign(window.test, {
  drop,
  paste,
  textOfZone,
  told: () => told,
  lastToldProgress: () => lastProgress,
  listen,
  said: () => said,
  focused,
  asksBeforeLeaving,
})
