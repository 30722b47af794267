import { Pages } from './pages/pages.ts'
import type { Listener } from './transports/http/listener.ts'

/**
 * Pages on this machine alone, for a client that talks over stdio. A port is opened when the first page is, and ends
 * with the process.
 */
export const createLoopbackPages = (): Pages => {
  let listening: Promise<Listener> | undefined
  const start = async (): Promise<Listener> => {
    // Most processes never have a page, and start without what it takes.
    const [{ listen }, { createPageRoutes }] = await Promise.all([
      import('./transports/http/listener.ts'),
      import('./pages/page-routes.ts'),
    ])
    return listen(createPageRoutes(pages), 0, '127.0.0.1')
  }
  const pages = new Pages(async () => {
    listening ??= start().catch((error: unknown) => {
      listening = undefined
      throw error
    })
    return (await listening).url
  })
  return pages
}
