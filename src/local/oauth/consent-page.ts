import { html } from 'hono/html'

/** What the page asks the person to agree to. `fields` go back with the answer as they came. */
export interface Consent {
  readonly application: string
  readonly scopes: readonly string[]
  readonly fields: Readonly<Record<string, string>>
  readonly projects: readonly { readonly id: number; readonly name: string }[]
  /** Why the last try did not work. */
  readonly complaint?: string
}

const HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
  'Referrer-Policy': 'no-referrer',
}

const STYLE = 'body{font:1rem system-ui;max-width:34rem;margin:3rem auto;padding:0 1rem}label{display:block}'

/** A page that only says why there is nothing to agree to. */
export const errorPage = async (reason: string): Promise<Response> => {
  const page = await html`<!doctype html><title>Local warehouse</title><style>${STYLE}</style>
<h1>This request cannot be granted</h1><p>${reason}</p>`
  return new Response(String(page), { status: 400, headers: HEADERS })
}

/**
 * The page of the authorization endpoint. Upstream knows the person by the browser's session; here the key printed at
 * the start stands for it, so that no page and no other user of this machine can grant themselves a token.
 */
export const consentPage = async (consent: Consent): Promise<Response> => {
  const { application, scopes, fields, projects, complaint } = consent
  const page = await html`<!doctype html><html lang="en"><title>Local warehouse</title><style>${STYLE}</style>
<h1>${application} wants access</h1>
<p>It asks for the local warehouse on this machine, not for PostHog.</p>
${complaint === undefined ? '' : html`<p role="alert"><strong>${complaint}</strong></p>`}
<form method="post" action="/oauth/authorize/">
${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<fieldset><legend>Scopes</legend>
${scopes.map((scope) => html`<label><input type="checkbox" name="granted" value="${scope}" checked> ${scope}</label>`)}
</fieldset>
<fieldset><legend>Only these projects (none: all that the key has)</legend>
${projects.map(({ id, name }) => html`<label><input type="checkbox" name="project" value="${id}"> ${name}</label>`)}
</fieldset>
<label>Personal API key of the local warehouse
<input type="password" name="personal_api_key" autocomplete="off"></label>
<button name="decision" value="allow">Allow</button> <button name="decision" value="deny">Deny</button>
</form></html>`
  return new Response(String(page), { headers: HEADERS })
}
