/** The tree of the HogQL subset. What has no node here cannot reach the engine. */

export type Expression =
  | { readonly kind: 'field'; readonly path: readonly string[] }
  | { readonly kind: 'star'; readonly table: readonly string[] }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'null' }
  | Call
  | { readonly kind: 'arithmetic'; readonly name: Arithmetic; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'compare'; readonly name: Comparison; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'logic'; readonly name: 'and' | 'or'; readonly items: readonly Expression[] }
  | { readonly kind: 'not'; readonly of: Expression }
  | { readonly kind: 'isNull'; readonly of: Expression; readonly negated: boolean }
  | {
      readonly kind: 'between'
      readonly of: Expression
      readonly low: Expression
      readonly high: Expression
      readonly negated: boolean
    }
  | { readonly kind: 'in'; readonly of: Expression; readonly among: Expression; readonly negated: boolean }
  | { readonly kind: 'case'; readonly of?: Expression; readonly whens: readonly When[]; readonly otherwise: Expression }
  | { readonly kind: 'cast'; readonly of: Expression; readonly to: string }
  | { readonly kind: 'interval'; readonly amount: Expression; readonly unit: string }
  | { readonly kind: 'lambda'; readonly parameters: readonly string[]; readonly body: Expression }
  | { readonly kind: 'array' | 'tuple'; readonly items: readonly Expression[] }
  | { readonly kind: 'element'; readonly of: Expression; readonly at: Expression }
  | { readonly kind: 'subquery'; readonly query: Query }

export type Arithmetic = 'plus' | 'minus' | 'multiply' | 'divide' | 'modulo'
export type Comparison =
  | 'equals'
  | 'notEquals'
  | 'less'
  | 'lessOrEquals'
  | 'greater'
  | 'greaterOrEquals'
  | 'like'
  | 'notLike'
  | 'ilike'
  | 'notILike'

export interface When {
  readonly condition: Expression
  readonly result: Expression
}

export interface Call {
  readonly kind: 'call'
  readonly name: string
  /** The first pair of brackets of `quantile(0.9)(x)`. */
  readonly parameters?: readonly Expression[]
  readonly arguments: readonly Expression[]
  readonly distinct: boolean
  /** A window, or the name of one from the WINDOW clause. */
  readonly over?: Window | string
}

export interface Window {
  readonly partitionBy: readonly Expression[]
  readonly orderBy: readonly Order[]
  /** Printed as it is: built from keywords and digits only. */
  readonly frame?: string
}

export interface Order {
  readonly by: Expression
  readonly descending: boolean
}

export interface Item {
  readonly value: Expression
  readonly alias?: string
}

export type Source =
  | { readonly kind: 'named'; readonly path: readonly string[]; readonly alias?: string }
  | { readonly kind: 'nested'; readonly query: Query; readonly alias?: string }

export interface Join {
  readonly how: string
  readonly source: Source
  readonly on?: Expression
  readonly using?: readonly string[]
}

export interface Select {
  readonly kind: 'select'
  readonly ctes: readonly { readonly name: string; readonly query: Query }[]
  readonly distinct: boolean
  readonly items: readonly Item[]
  readonly from?: Source
  readonly joins: readonly Join[]
  readonly where?: Expression
  readonly groupBy: readonly Expression[]
  readonly having?: Expression
  readonly windows: readonly { readonly name: string; readonly window: Window }[]
  readonly orderBy: readonly Order[]
  readonly limit?: number
  readonly offset?: number
}

export type Query = Select | { readonly kind: 'union'; readonly distinct: boolean; readonly parts: readonly Query[] }
