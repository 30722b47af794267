/** One export. Its bytes are the file `exports/<id>` of the state directory, when `hasContent`. */
export interface ExportRecord {
  readonly id: number
  readonly project: number
  readonly createdBy: number
  readonly createdAt: string
  readonly format: string
  /** As it was sent. */
  readonly context: Readonly<Record<string, unknown>>
  /** From then on the export behaves as missing. */
  readonly expiresAfter: string
  hasContent: boolean
  exception: string | null
}
