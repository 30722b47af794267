import type { Redis } from 'ioredis'
import type { ReplicaSettings } from '../config-http.ts'
import { createForwarder, type Forwarder } from '../http/forward.ts'
import type { Logger } from '../log.ts'
import { ChangeRelay } from './change-relay.ts'
import { openRedis } from './redis-link.ts'
import { RedisUses } from './redis-uses.ts'
import { RedisPlaces } from './session-places.ts'

const CHANGES = 'posthog-warehouse-mcp:changes'

/** This process among others that serve the same callers. */
export interface Replicas {
  readonly redis: Redis
  readonly relay: ChangeRelay
  readonly places: RedisPlaces
  /** Where it is recorded that a confirmation was used. */
  readonly uses: RedisUses
  readonly forwarder: Forwarder
  /** Whether Redis is there; without it each replica goes on for itself. */
  readonly isConnected: boolean
  /** Called each time Redis is there again: it may have forgotten everything. */
  onConnected(listener: () => void): void
  close(): Promise<void>
}

/** Joins the others. @param idleMs how long an idle session lives @throws ConfigError */
export const joinReplicas = async (
  { redisUrl, advertise }: ReplicaSettings,
  idleMs: number,
  log: Logger,
): Promise<Replicas> => {
  let connected = (): void => undefined
  let hear = (_text: string): void => undefined
  const link = await openRedis(redisUrl, CHANGES, {
    lost: (cause) =>
      log.warn({ cause }, 'Redis is away: limits count for this replica alone, changes are not passed on'),
    connected: () => {
      log.info('Redis is there: limits, changes and sessions are shared')
      connected()
    },
    heard: (text) => hear(text),
  })
  const relay = new ChangeRelay((text) => void link.commands.publish(CHANGES, text).catch(() => undefined))
  hear = (text) => relay.hear(text)
  return {
    redis: link.commands,
    relay,
    places: new RedisPlaces(link.commands, advertise, idleMs),
    uses: new RedisUses(link.commands),
    forwarder: createForwarder(),
    get isConnected() {
      return link.isConnected
    },
    onConnected: (listener) => {
      connected = listener
    },
    close: () => link.close(),
  }
}
