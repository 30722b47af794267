/** Which generation of upstream each resource behaves as; every fact sheet names its own. */
export interface Editions {
  /** Tables and views: `S` is the release the documentation was made from, `L` the latest (fact sheet: tables 0). */
  readonly tables: 'S' | 'L'
  /** The managed warehouse: `D` as documented, `N` the newest (fact sheet: managed 0). */
  readonly warehouse: 'D' | 'N'
  /** The project tree (fact sheet: managed 0). */
  readonly files: 'F1' | 'F2'
}

/** With these all documented operations exist. */
export const DEFAULT_EDITIONS: Editions = { tables: 'L', warehouse: 'D', files: 'F2' }
