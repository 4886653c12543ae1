const css = `
:host {
  --_accent: var(--sluice-accent, light-dark(#2a5bd7, #8aaeff));
  --_text: var(--sluice-text, light-dark(#1c2129, #e8ebf1));
  --_muted: var(--sluice-muted, light-dark(#5a6472, #a2acba));
  --_surface: var(--sluice-surface, light-dark(#ffffff, #171a20));
  --_line: var(--sluice-line, light-dark(#e3e7ed, #2b313b));
  --_edge: var(--sluice-edge, light-dark(#8a94a3, #707b8b));
  --_good: var(--sluice-good, light-dark(#19784a, #6bd3a0));
  --_bad: var(--sluice-bad, light-dark(#b3261e, #ffa49b));
  --_radius: var(--sluice-radius, 12px);
  display: block;
  position: relative;
  container-type: inline-size;
  box-sizing: border-box;
  min-inline-size: min(100%, 20em);
  padding: 16px;
  border: 1px solid var(--_line);
  border-radius: calc(var(--_radius) + 6px);
  background: var(--_surface);
  color: var(--_text);
  line-height: 1.4;
  text-align: start;
}
:host([hidden]) { display: none }
:host([color-scheme='light']) { color-scheme: light }
:host([color-scheme='dark']) { color-scheme: dark }
:host([color-scheme='auto']) { color-scheme: light dark }
*, ::before { box-sizing: border-box }
[hidden] { display: none !important }
button { font: inherit; color: inherit; cursor: pointer }
button:focus-visible { outline: 2px solid var(--_accent); outline-offset: 2px }
[aria-disabled='true'] { opacity: .4; cursor: default }
svg {
  width: 20px;
  height: 20px;
  flex: none;
  fill: none;
  stroke: currentColor;
  stroke-width: 1.8;
  stroke-linecap: round;
  stroke-linejoin: round;
}
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }

.zone {
  display: flex;
  align-items: center;
  justify-content: center;
  gap: 16px;
  width: 100%;
  min-height: 112px;
  padding: 20px;
  border: 1.5px dashed var(--_edge);
  border-radius: var(--_radius);
  background: none;
  text-align: start;
  transition: background-color .15s, border-color .15s;
}
.zone:hover:enabled { border-color: var(--_accent); background: color-mix(in srgb, var(--_accent) 4%, transparent) }
.zone.over { border: 1.5px solid var(--_accent); background: color-mix(in srgb, var(--_accent) 10%, transparent) }
.zone:disabled { cursor: not-allowed; opacity: .55 }
.badge {
  display: grid;
  place-items: center;
  flex: none;
  width: 44px;
  height: 44px;
  border-radius: 50%;
  background: color-mix(in srgb, var(--_accent) 12%, transparent);
  color: var(--_accent);
}
.badge svg { width: 24px; height: 24px; transition: translate .15s }
.over .badge svg { translate: 0 -2px }
.lines { display: grid }
.lines strong { font-weight: 600 }
.choose { color: var(--_muted) }
.hint { color: var(--_muted); font-size: .85em }
.hint:empty { display: none }

.head-line {
  display: flex;
  align-items: center;
  justify-content: space-between;
  gap: 12px;
  min-height: 32px;
  margin-top: 12px;
  color: var(--_muted);
  font-size: .85em;
  font-variant-numeric: tabular-nums;
}
.text-button { min-height: 32px; padding: 0 8px; margin-inline-end: -8px; border: 0; border-radius: 8px; background: none; color: var(--_accent); font-weight: 500 }
.text-button:hover { background: color-mix(in srgb, var(--_accent) 8%, transparent) }
ul { list-style: none; margin: 0; padding: 0 }
.head-line[hidden] + ul:not(:empty) { margin-top: 8px }
li {
  display: grid;
  grid-template: 'tile name actions' auto 'tile bar actions' auto 'tile status actions' auto / auto minmax(0, 1fr) auto;
  column-gap: 12px;
  align-items: center;
  align-content: center;
  min-height: 5.3em;
  padding: 12px 0;
}
li + li, .head-line:not([hidden]) + ul > li:first-child { border-top: 1px solid var(--_line) }
ul:not(:empty) { margin-bottom: -8px }
.tile {
  grid-area: tile;
  display: grid;
  place-items: center;
  width: 80px;
  height: 45px;
  overflow: hidden;
  border-radius: 6px;
  background: color-mix(in srgb, var(--_muted) 13%, transparent);
  color: var(--_muted);
  font-size: .72em;
  font-weight: 600;
  letter-spacing: .05em;
}
.tile canvas { display: block; width: 100%; height: 100%; object-fit: cover }
.name { grid-area: name; display: flex; min-width: 0; font-weight: 500 }
.name span { white-space: pre }
.head { min-width: 0; overflow: hidden; text-overflow: ellipsis }
.bar {
  grid-area: bar;
  position: relative;
  height: 4px;
  margin: 5px 0;
  overflow: hidden;
  border-radius: 2px;
  background: color-mix(in srgb, var(--_muted) 16%, transparent);
}
.bar.hidden { display: none }
.bar span { position: absolute; inset: 0; border-radius: 2px; scale: 0 1; transform-origin: left; transition: scale .25s linear }
.bar:dir(rtl) span { transform-origin: right }
.hashed { background: color-mix(in srgb, var(--_accent) 32%, transparent) }
.sent { background: var(--_accent) }
.paused .sent { background: var(--_muted) }
.paused .hashed { background: color-mix(in srgb, var(--_muted) 32%, transparent) }
.failed .sent { background: var(--_bad) }
.failed .hashed { background: color-mix(in srgb, var(--_bad) 25%, transparent) }
.status {
  grid-area: status;
  display: flex;
  flex-wrap: wrap;
  justify-content: space-between;
  gap: 0 12px;
  margin-top: 1px;
  color: var(--_muted);
  font-size: .85em;
  font-variant-numeric: tabular-nums;
}
.text { display: flex; gap: 5px; overflow-wrap: anywhere }
.mark:empty { display: none }
.mark svg { width: 16px; height: 16px; margin-top: 1px; stroke-width: 2.2 }
.done .mark { color: var(--_good) }
.failed .text, .refused .text { color: var(--_bad) }
.actions { grid-area: actions; display: flex; gap: 2px; margin-inline-end: -6px }
.actions button {
  display: grid;
  place-items: center;
  width: 34px;
  height: 34px;
  padding: 0;
  border: 0;
  border-radius: 8px;
  background: none;
  color: var(--_muted);
}
.actions button:hover { background: color-mix(in srgb, var(--_muted) 14%, transparent); color: var(--_text) }

@container (max-width: 460px) {
  li { grid-template: 'tile actions' auto 'name name' auto 'bar bar' auto 'status status' auto / 1fr auto; row-gap: 4px }
  .status { flex-direction: column }
  .waiting .status, .running .status, .paused .status { min-height: 2lh }
}
@media (pointer: coarse) {
  .actions button, .text-button { min-width: 44px; min-height: 44px }
}
@media (prefers-reduced-motion: reduce) {
  *, ::before { transition: none !important }
}
@media (forced-colors: active) {
  .bar { border: 1px solid CanvasText; height: 6px }
  .sent { background: Highlight !important; forced-color-adjust: none }
  .hashed { background: Highlight !important; opacity: .4; forced-color-adjust: none }
  .zone.over { border-color: Highlight }
}
`

let sheet: CSSStyleSheet | undefined

/** One for all elements of a page. Made by script, so no content security policy forbids it. */
export function styleSheet(): CSSStyleSheet {
  if (sheet) return sheet
  sheet = new CSSStyleSheet()
  sheet.replaceSync(css)
  return sheet
}
