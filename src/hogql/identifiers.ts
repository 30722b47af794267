/** Words of HogQL's own that name something only in quotes; `date`, `id` and the like are names wherever one can stand. */
const RESERVED = new Set(
  'all and anti array as asc asof between both by case cast collate cross cube desc distinct else end false final following for from full group having ilike in inner interval into is join leading like limit not null nulls offset on or order outer over partition preceding prewhere rollup sample select semi settings then ties totals trailing true unbounded union using when where window with'.split(
    ' ',
  ),
)

/** A name as HogQL takes it, in backquotes only where it must be. */
export const toIdentifier = (name: string): string =>
  /^[A-Za-z_$][\w$]*$/.test(name) && !RESERVED.has(name.toLowerCase())
    ? name
    : `\`${name.replace(/[\\`]/g, (char) => `\\${char}`)}\``

/** A table's name as HogQL takes it: its dots divide namespaces and stay outside of any quotes. */
export const toTableIdentifier = (name: string): string => name.split('.').map(toIdentifier).join('.')
