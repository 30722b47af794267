/** Why an export has no content; the message is for whoever asked for it. */
export class ExportError extends Error {}
