/** A name in PostgreSQL's SQL, whatever it holds. */
export const quotePostgres = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** A name in MySQL's SQL, whatever it holds. */
export const quoteMysql = (name: string): string => `\`${name.replaceAll('`', '``')}\``
