/** Makes an element. Text goes in as text, never as markup: names of files are anybody's. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

/** Sets an attribute only if it is another: screen readers hear of every change. */
export function setAttribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value)
}

export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** Has a button where there is something for it to do. One with the focus stays until it loses it, and does nothing. */
export function offer(button: HTMLButtonElement, isOffered: boolean): void {
  setAttribute(button, 'aria-disabled', String(!isOffered))
  button.hidden = !isOffered && !button.matches(':focus')
  button.onblur = () => {
    button.hidden = !isOffered
  }
}
