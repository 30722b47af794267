const HOUR_MS = 3_600_000

/** One hour or day of the statistics. */
interface Bucket {
  readonly name: string
  /** No time in it is earlier. */
  readonly begins: number
  holds(time: number): boolean
}

/** What a moment is called: its day, or its hour with the offset (fact sheet: managed 2.2). */
const namesIn = (zone: string, isHourly: boolean): ((time: number) => string) => {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'longOffset',
  })
  return (time) => {
    const parts = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]))
    const day = `${parts.year}-${parts.month}-${parts.day}`
    // `GMT` alone is UTC.
    const offset = parts.timeZoneName?.slice(3) || '+00:00'
    return isHourly ? `${day}T${parts.hour}:00:00${offset}` : day
  }
}

/** A zone this machine knows, or UTC. */
const known = (zone: string): string => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone
  } catch {
    return 'UTC'
  }
}

/** The hours of one day, or so many days, back from now; newest first. */
export const bucketsOf = (days: number, now: number, zone: string): readonly Bucket[] => {
  const isHourly = days === 1
  const [size, width] = isHourly ? [24, HOUR_MS] : [days, 24 * HOUR_MS]
  const nameOf = namesIn(known(zone), isHourly)
  const names = new Set(Array.from({ length: size }, (_, back) => nameOf(now - back * width)))
  return [...names].map((name, back) => ({
    name,
    // At the earliest: the bucket of this moment began less than its width ago.
    begins: now - (back + 1) * width,
    holds: (time) => nameOf(time) === name,
  }))
}
