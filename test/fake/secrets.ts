import type { Means } from '../../src/call.ts'
import { Desk } from '../../src/pages/desk.ts'
import { Pages } from '../../src/pages/pages.ts'
import { createCallerSecrets } from '../../src/secrets/caller-secrets.ts'
import { openSecretStore } from '../../src/secrets/secret-store.ts'

/** The part of a call path whose caller has no secrets to refer to. */
export const noSecrets: Pick<Means, 'secrets' | 'handover' | 'desk'> = {
  desk: new Desk(new Pages(async () => undefined), { id: 'test', name: 'test' }),
  secrets: createCallerSecrets(openSecretStore({ fromEnvironment: new Map(), folder: undefined }), [], 'allow'),
  handover: { to: 'result' },
}
