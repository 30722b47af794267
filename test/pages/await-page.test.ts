import { expect, test } from 'vitest'
import { awaitPage } from '../../src/pages/await-page.ts'
import { Page } from '../../src/pages/page.ts'

const TEXT = { title: 'Connect', says: [], facts: {}, button: 'Send' }
const url = 'http://127.0.0.1:1/ask/link'
const join = (page: Page, isDirect: boolean) =>
  awaitPage(
    { page, url, isDirect },
    {
      browser: undefined,
      signal: new AbortController().signal,
      link: { message: 'Fill it in.', url, id: 'x' },
      forget: () => undefined,
    },
  )
const open = () => new Page(TEXT, { kind: 'shown', values: () => undefined })

test('the link of a page that counts as approval is given to no model, also not to one that joins', async () => {
  const page = open()
  const joined = join(page, true)
  page.cancel()
  expect(await joined).toBe('cancelled')
})

test('the link of another is given as long as nobody has opened it', async () => {
  const page = open()
  await expect(join(page, false)).rejects.toThrow(url)
  await expect(join(page, false)).rejects.toThrow(url)
  page.cancel()
})
