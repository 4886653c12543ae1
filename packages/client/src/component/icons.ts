const svg = 'http://www.w3.org/2000/svg'

/** Strokes in a square of 24. */
const paths = {
  upload: 'M12 16V5M7.5 9.5 12 5l4.5 4.5M5 19.5h14',
  pause: 'M9 6.5v11M15 6.5v11',
  start: 'M8.5 6v12l9.5-6z',
  retry: 'M18.5 12a6.5 6.5 0 1 1-1.9-4.6L18.5 9M18.5 4.5V9H14',
  remove: 'M7 7l10 10M17 7 7 17',
  cover:
    'M5.5 5.5h13a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1h-13a1 1 0 0 1-1-1v-11a1 1 0 0 1 1-1zM5 17.5l4.5-5 3.5 3.5 2.5-2.5 4 4M15.5 9.2v.01',
  good: 'M5.5 12.5 10 17l8.5-9.5',
  bad: 'M12 4 3.5 19h17zM12 10v4M12 16.7v.01',
} as const

export type IconName = keyof typeof paths

/** An icon that says nothing by itself: the name is on what holds it. */
export function icon(name: IconName): SVGElement {
  const image = document.createElementNS(svg, 'svg')
  image.setAttribute('viewBox', '0 0 24 24')
  image.setAttribute('aria-hidden', 'true')
  const path = document.createElementNS(svg, 'path')
  path.setAttribute('d', paths[name])
  image.append(path)
  return image
}
