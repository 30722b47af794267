import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { getCookie, setCookie } from 'hono/cookie'
import { csrf } from 'hono/csrf'
import { secureHeaders } from 'hono/secure-headers'
import { type Drawn, drawNotice, drawPage, drawShown } from './draw.ts'
import type { Page } from './page.ts'
import { PAGE_PATH, type Pages } from './pages.ts'
import { STYLE_HASH } from './style.ts'

/** Bytes of a form with a key file in it. */
const LARGEST_FORM = 256 * 1024
const COOKIE = 'page'

const GONE = 'There is no such page: it has ended, or it never was. Ask the assistant for a new one.'
const ELSEWHERE =
  'This page was opened in another browser already, and works only there. If that was not you, tell the assistant to stop, and ask for a new page.'

/**
 * The pages' routes. The first browser to come has a page; what it sends has to come from the page itself (Origin or
 * Sec-Fetch-Site, a cookie and a token in the form).
 */
export const createPageRoutes = (pages: Pages): Hono => {
  const app = new Hono().basePath(PAGE_PATH)
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        styleSrc: [STYLE_HASH],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
      // Not none: then a browser would not say where a form came from.
      referrerPolicy: 'same-origin',
      xFrameOptions: 'DENY',
      // A browser that once was told to use HTTPS would do so for every port of this machine.
      strictTransportSecurity: false,
    }),
  )
  app.use(async (context, next) => {
    context.header('Cache-Control', 'no-store')
    const own = await pages.origin()
    // A page that somebody else's name leads to is none of ours (DNS rebinding). Proxies may drop the port.
    if (own === undefined || new URL(context.req.url).hostname !== new URL(own).hostname)
      return context.html(drawNotice('Not here', GONE), 421)
    return csrf({ origin: own })(context, next)
  })
  const limit = bodyLimit({
    maxSize: LARGEST_FORM,
    onError: (context) =>
      context.html(drawNotice('Too large', 'A file in the form is too large. Go back and choose another.'), 413),
  })
  app.get('/:id', (context) => show(pages, context))
  app.post('/:id', limit, (context) => take(pages, context))
  app.notFound((context) => context.html(drawNotice('Not here', GONE), 404))
  return app
}

const pathOf = (page: Page): string => `${PAGE_PATH}/${page.id}`

const show = async (pages: Pages, context: Context): Promise<Response> => {
  const page = pages.find(context.req.param('id') ?? '')
  if (page === undefined) return context.html(drawNotice('Not here', GONE), 404)
  // Whoever only looks whether it is there does not take it.
  if (context.req.method === 'HEAD') return context.body(null)
  const admitted = page.admit(getCookie(context, COOKIE))
  if (admitted === undefined) return context.html(drawNotice('Opened elsewhere', ELSEWHERE), 410)
  if (admitted.remember !== undefined)
    setCookie(context, COOKIE, admitted.remember, {
      path: pathOf(page),
      httpOnly: true,
      // Not strict: the link is opened from elsewhere, and loading it again still counts as that.
      sameSite: 'Lax',
      secure: (await pages.origin())?.startsWith('https:') === true,
    })
  return context.html(drawPage(page.view, pathOf(page)))
}

const take = async (pages: Pages, context: Context): Promise<Response> => {
  const page = pages.find(context.req.param('id') ?? '')
  if (page === undefined) return context.html(drawNotice('Not here', GONE), 404)
  const form = await readBody(context)
  if (form === undefined)
    return context.html(drawNotice('Not read', 'The form could not be read. Go back and send it again.'), 400)
  if (!page.isOwn(getCookie(context, COOKIE), form.get('csrf')?.[0]))
    return context.html(drawNotice('Opened elsewhere', ELSEWHERE), 403)
  return act(page, form, context)
}

const act = async (page: Page, form: ReadonlyMap<string, readonly string[]>, context: Context): Promise<Response> => {
  const back = (): Response => context.redirect(pathOf(page), 303)
  const draw = (drawn: Drawn, status: 200 | 409 | 422): Response | Promise<Response> => context.html(drawn, status)
  if (page.view.state === 'sending') return draw(drawPage(page.view, pathOf(page)), 409)
  if (form.get('act')?.[0] === 'cancel') {
    page.cancel()
    return back()
  }
  const shown = page.show()
  if (shown !== undefined) return draw(drawShown(page.text, shown), 200)
  await page.submit(form)
  return page.view.state === 'open' ? draw(drawPage(page.view, pathOf(page)), 422) : back()
}

/** Texts, and files as text. */
const readBody = async (context: Context): Promise<ReadonlyMap<string, readonly string[]> | undefined> => {
  const form = await context.req.formData().catch(() => undefined)
  if (form === undefined) return undefined
  const read = new Map<string, string[]>()
  for (const [name, value] of form.entries()) {
    const text = typeof value === 'string' ? value : await value.text()
    read.set(name, [...(read.get(name) ?? []), text])
  }
  return read
}
