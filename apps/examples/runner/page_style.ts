/** The looks of the page of a run: one column, for a screen, a phone and paper, light and dark. */
export const STYLE = `
  :root { color-scheme: light dark; --ink: #222; --faint: #5a5a5a; --line: #e3e3e3; --ground: #fff; --link: #0b5cad }
  @media (prefers-color-scheme: dark) {
    :root { --ink: #e4e4e4; --faint: #a8a8a8; --line: #3a3d42; --ground: #16181b; --link: #7ab7ff }
    figure img { filter: brightness(.88) }
  }
  body { max-width: 60rem; margin: 2rem auto 4rem; padding: 0 1rem; font: 16px/1.55 system-ui, sans-serif;
    color: var(--ink); background: var(--ground); overflow-wrap: break-word }
  a { color: var(--link) }
  h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 }
  h2 { font-size: 1.3rem; margin: 3rem 0 0 }
  h2.section { margin-top: 4rem; padding-top: 1rem; border-top: 2px solid var(--line) }
  h3 { font-size: 1rem; margin: 2rem 0 .3rem }
  p { max-width: 46rem }
  p.lesson { margin-top: .5rem; font-size: 1.05rem }
  p.state { padding: .4rem .8rem; border-left: 4px solid #e69f00; color: var(--faint) }
  p.sources, figcaption, .reference { color: var(--faint) }
  nav { margin: 1.5rem 0 0 }
  pre { margin: 1rem 0; overflow-x: auto; padding: .6rem .8rem; border: 1px solid var(--line); border-radius: 4px;
    font-size: .85rem; line-height: 1.4 }
  figure { margin: 2rem 0 }
  figure a { display: block }
  figure img { display: block; max-width: 100%; height: auto; background: #fff; border: 1px solid var(--line); border-radius: 4px;
    box-sizing: border-box }
  figcaption { margin-top: .4rem; max-width: 46rem }
  .scroll { overflow-x: auto }
  table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums }
  th, td { text-align: left; padding: .3rem 1.5rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
  th { font-weight: 500; color: var(--faint) }
  thead th { font-size: .9rem; vertical-align: bottom }
  td { white-space: pre-line }
  .number { text-align: right }
  .code { font-family: ui-monospace, Menlo, "Liberation Mono", monospace; font-size: .85rem; white-space: pre }
  .reference { display: block; font-size: .95rem }
  .reference b { color: var(--ink); font-weight: 600 }
  details { margin: 1.5rem 0 }
  summary { cursor: pointer; color: var(--faint) }
  ul { padding-left: 1.2rem }
  /* On a phone, letters would be too small to read if pictures shrank to the screen: wide ones scroll. */
  @media (max-width: 40rem) {
    body { margin-top: 1rem }
    figure img { max-width: none; width: max(min(100%, var(--width, 100%)), calc(var(--width, 0px) * .75)) }
    th, td { padding-right: .9rem }
  }
  @media print {
    :root { --ink: #000; --faint: #333; --line: #bbb; --ground: #fff; --link: #000 }
    body { margin: 0; max-width: none; font-size: 11pt }
    figure, tr, h2, h3 { break-inside: avoid }
    h2, h3 { break-after: avoid }
    figure img { max-height: 20cm; width: auto; filter: none }
    nav, summary, p.state { display: none }
    .scroll { overflow: visible }
    pre { white-space: pre-wrap }
  }
`;
