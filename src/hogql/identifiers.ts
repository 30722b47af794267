/** A name as HogQL takes it, in backquotes only where it must be. */
export const toIdentifier = (name: string): string =>
  /^[A-Za-z_$][\w$]*$/.test(name) ? name : `\`${name.replace(/[\\`]/g, (char) => `\\${char}`)}\``

/** A table's name as HogQL takes it: its dots divide namespaces and stay outside of any quotes. */
export const toTableIdentifier = (name: string): string => name.split('.').map(toIdentifier).join('.')
