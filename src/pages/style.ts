import { createHash } from 'node:crypto'

/** How pages look: the system's own type and controls, light or dark as the person has it. No script hides anything. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1c1c1e;--soft:#56565c;--line:#8a8a90;--paper:#fff;--panel:#f5f5f7;--accent:#1d4ed8;--on:#fff;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--ink:#f2f2f4;--soft:#b9b9c0;--line:#85858c;--paper:#17171a;--panel:#222226;--accent:#93b4ff;--on:#10131c;--bad:#ff9d94}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
main{max-width:38rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .75rem}
p{margin:0 0 .75rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:1rem 0 1.5rem;padding:.75rem 1rem;background:var(--panel);border-radius:.5rem}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
.field{margin:0 0 1.1rem}
label,legend{display:block;font-weight:600;padding:0}
.pick{display:flex;gap:.5rem;align-items:baseline;font-weight:500}
.pick input{flex:none;width:1.1rem;height:1.1rem;accent-color:var(--accent)}
.hint{color:var(--soft);font-size:.9rem;margin:.1rem 0 .3rem}
.wrong{color:var(--bad);font-weight:600;margin:.2rem 0}
input:not([type=checkbox],[type=radio]),select,textarea{width:100%;font:inherit;color:inherit;background:var(--paper);border:1px solid var(--line);border-radius:.4rem;padding:.5rem .6rem}
textarea{min-height:7rem;font-family:ui-monospace,monospace;font-size:.85rem}
:is(input,select,textarea)[aria-invalid=true]{border:2px solid var(--bad)!important}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
fieldset{border:1px solid var(--line);border-radius:.5rem;padding:.9rem 1rem .1rem;margin:0 0 1.1rem;min-width:0}
.inner{margin:.8rem 0 0}
.toggles:not(:has(>.pick>input:checked))>.inner{display:none}
.alert{border-left:4px solid var(--bad);background:var(--panel);padding:.75rem 1rem;margin:0 0 1.25rem;border-radius:.25rem;overflow-wrap:anywhere}
.alert p:last-child,.alert ul{margin-bottom:0}
.alert a{color:inherit}
.acts{display:flex;flex-wrap:wrap;gap:.75rem;margin-top:1.5rem}
button{font:inherit;font-weight:600;padding:.6rem 1.2rem;border-radius:.4rem;border:1px solid var(--accent);background:var(--accent);color:var(--on);cursor:pointer}
button.quiet{background:none;color:var(--ink);border-color:var(--line)}
code{font-family:ui-monospace,monospace;overflow-wrap:anywhere;user-select:all;font-size:1.05rem}
@media(max-width:30rem){dl{grid-template-columns:1fr}dt{margin-top:.4rem}}
`

/** What a Content-Security-Policy allows of it. */
export const STYLE_HASH = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`
