import {
  type Attributes,
  type Context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapPropagator,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { currentScope, inScope } from '../request-scope.ts'
import type { Incoming, MessageSpan } from './tracing.ts'

/** What a caller sent is cut to this: it may be of any length. */
const LONGEST = 200

type Fields = Readonly<Record<string, unknown>>

const toFields = (value: unknown): Fields =>
  // A non-null object has string keys as far as it came from JSON.
  typeof value === 'object' && value !== null ? (value as Fields) : {}

const toText = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, LONGEST) : undefined

/** Only the keys of W3C trace context are read: baggage may hold anything, and would travel on. */
const getter = {
  keys: (carrier: Fields): string[] => Object.keys(carrier),
  get: (carrier: Fields, key: string): string | undefined => {
    const value = carrier[key]
    return typeof value === 'string' ? value : undefined
  },
}

/** The message's own trace comes first; that of the HTTP request is then only linked (conventions: context propagation). */
const toParent = (
  propagator: TextMapPropagator<Fields>,
  { headers }: Incoming,
  meta: unknown,
): { readonly parent: Context; readonly links: Link[] } => {
  const carried = { traceparent: headers.get('traceparent'), tracestate: headers.get('tracestate') }
  const ofRequest = propagator.extract(ROOT_CONTEXT, carried, getter)
  const ofMessage = propagator.extract(ROOT_CONTEXT, toFields(meta), getter)
  const linked = trace.getSpanContext(ofRequest)
  if (trace.getSpanContext(ofMessage) === undefined) return { parent: ofRequest, links: [] }
  return { parent: ofMessage, links: linked === undefined ? [] : [{ context: linked }] }
}

/** Names by the conventions: open-telemetry/semantic-conventions-genai, docs/gen-ai/mcp.md. */
const describe = ({
  headers,
  message,
  knows,
}: Incoming): { readonly name: string; readonly attributes: Attributes } => {
  const { method: said, id, params } = toFields(message)
  const method = toText(said) ?? 'unknown'
  const { name, uri, protocolVersion } = toFields(params)
  const known = typeof name === 'string' && knows(name) ? name : undefined
  const isCall = method === 'tools/call'
  const attributes: Attributes = {
    'mcp.method.name': method,
    'jsonrpc.request.id': toText(id),
    'mcp.session.id': toText(headers.get('mcp-session-id')),
    'mcp.protocol.version': toText(headers.get('mcp-protocol-version') ?? protocolVersion),
    'mcp.resource.uri': method.startsWith('resources/') ? toText(uri) : undefined,
    'gen_ai.tool.name': isCall ? known : undefined,
    'gen_ai.operation.name': isCall ? 'execute_tool' : undefined,
    'gen_ai.prompt.name': method === 'prompts/get' ? known : undefined,
    'network.transport': 'tcp',
    'network.protocol.name': 'http',
  }
  // A method is a word of the protocol; any other would make a name of a caller's choice.
  const span = /^(?:[a-z]+\/)?[a-z_]{1,30}(?:\/[a-z_]{1,30})?$/i.test(method) ? method : 'unknown'
  return { name: known === undefined ? span : `${span} ${known}`, attributes }
}

/** Marks what failed. */
export const fail = (span: Span, type: string, attributes: Attributes = {}): void => {
  span.setAttributes({ 'error.type': type, ...attributes })
  span.setStatus({ code: SpanStatusCode.ERROR })
}

/** Begins the span of a message, under the caller's where they named one. */
export const beginMessage = (
  tracer: Tracer,
  propagator: TextMapPropagator<Fields>,
  incoming: Incoming,
): MessageSpan => {
  const { name, attributes } = describe(incoming)
  const { parent, links } = toParent(propagator, incoming, toFields(toFields(incoming.message).params)._meta)
  const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes, links }, parent)
  const request = currentScope()?.request ?? ''
  return {
    within: (work) => inScope({ request, trace: trace.setSpan(ROOT_CONTEXT, span) }, work),
    failed: (type, code) => fail(span, type, code === undefined ? {} : { 'rpc.response.status_code': String(code) }),
    end: () => span.end(),
  }
}
