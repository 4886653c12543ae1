/** One line of a chart. */
export interface Series {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

export interface Chart {
  readonly title: string
  readonly xLabel: string
  readonly yLabel: string
  readonly series: readonly Series[]
  /** Whether equal steps to the right are equal factors. */
  readonly logX?: boolean
  readonly formatX?: (x: number) => string
}

const width = 640
const height = 360
const margin = { top: 48, right: 24, bottom: 56, left: 64 }
const colours = ['#0b7285', '#e8590c', '#5f3dc4', '#2b8a3e', '#a61e4d']

/** Draws a line chart, y from 0, that reads on a light and on a dark page. */
export function drawChart({ title, xLabel, yLabel, series, logX = false, formatX = String }: Chart): string {
  const xs = [...new Set(series.flatMap((one) => one.points.map(([x]) => x)))].toSorted((a, b) => a - b)
  const place = logX ? Math.log : (x: number) => x
  const [first, last] = [place(xs[0] ?? 0), place(xs.at(-1) ?? 1)]
  const top = niceAbove(Math.max(...series.flatMap((one) => one.points.map(([, y]) => y))))
  const right = width - margin.right
  const bottom = height - margin.bottom
  const toX = (x: number) => margin.left + ((place(x) - first) / (last - first || 1)) * (right - margin.left)
  const toY = (y: number) => bottom - (y / top) * (bottom - margin.top)

  const parts: string[] = [text(margin.left, 20, title, 'font-size="15" font-weight="600"')]
  for (let step = 0; step <= 4; step++) {
    const y = (top * step) / 4
    parts.push(`<path d="M${margin.left} ${toY(y)}H${right}" stroke="#868e96" stroke-opacity=".3"/>`)
    parts.push(text(margin.left - 8, toY(y) + 4, String(Number(y.toPrecision(3))), 'text-anchor="end"'))
  }
  for (const x of xs) parts.push(text(toX(x), bottom + 18, formatX(x), 'text-anchor="middle"'))
  parts.push(text((margin.left + right) / 2, height - 14, xLabel, 'text-anchor="middle"'))
  parts.push(
    text(
      16,
      (margin.top + bottom) / 2,
      yLabel,
      `text-anchor="middle" transform="rotate(-90 16 ${(margin.top + bottom) / 2})"`,
    ),
  )
  for (const [index, { name, points }] of series.entries()) {
    const colour = colours[index % colours.length]
    const path = points.map(([x, y], at) => `${at === 0 ? 'M' : 'L'}${toX(x).toFixed(1)} ${toY(y).toFixed(1)}`).join('')
    parts.push(`<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`)
    for (const [x, y] of points)
      parts.push(`<circle cx="${toX(x).toFixed(1)}" cy="${toY(y).toFixed(1)}" r="3" fill="${colour}"/>`)
    parts.push(`<path d="M${margin.left + index * 190} 34h18" stroke="${colour}" stroke-width="3"/>`)
    parts.push(text(margin.left + index * 190 + 24, 38, name))
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#868e96">
<title>${title}</title>
${parts.join('\n')}
</svg>
`
}

function text(x: number, y: number, content: string, attributes = ''): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped}</text>`
}

/** The next of 1, 2, 4, 5, 8 or 10 times a power of ten. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value || 1))
  return ([1, 2, 4, 5, 8, 10].find((step) => step * power >= value) ?? 10) * power
}
