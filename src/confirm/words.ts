import type { FailedCall } from '../failure.ts'
import type { Unbound } from '../secrets/caller-secrets.ts'
import { quote, toName } from '../text/line.ts'
import { NotApproved } from './not-approved.ts'
import type { Form, Reply } from './person.ts'
import type { Preview } from './preview.ts'
import type { Broken } from './seal.ts'

/** Characters of a name that is shown and typed. */
const LONGEST_NAME = 500

/** The name of the one field of a form. */
const FIELD = { name: 'name', tick: 'approved' } as const

/** What is about to happen. @param how facts between marks for a model; plain for a person, who has a line for each */
const toSentences = (
  { operation, origin, project }: FailedCall,
  { name, hidden, id, says, undo, facts }: Preview,
  how: 'plain' | 'quoted',
): string =>
  [
    `${operation.title}: ${quote(name, LONGEST_NAME, hidden)}`,
    `${says} ${undo}`,
    `Where: project ${project} at ${origin}${id === undefined ? '' : `, id ${toName(id)}`}`,
    ...facts.map((fact) => `${fact.word}: ${fact[how]}`),
  ].join('\n')

/** The form that asks for approval. */
export const toForm = (call: FailedCall, seen: Preview, weight: 'name' | 'tick'): Form => {
  const field =
    weight === 'name'
      ? { type: 'string', title: 'Type its name to approve', description: seen.name, maxLength: LONGEST_NAME }
      : { type: 'boolean', title: 'Yes, do it', default: false }
  return {
    message: `${toSentences(call, seen, 'plain')}\nAn assistant asks for this. Nothing is changed unless you approve.`,
    schema: { type: 'object', properties: { [FIELD[weight]]: field }, required: [FIELD[weight]] },
  }
}

/** Why an answer is no approval; undefined for one that is. */
export const whyNotApproved = (reply: Reply, seen: Preview, weight: 'name' | 'tick'): NotApproved | undefined => {
  const notDone = (what: string, answer: string, next: string) => new NotApproved(what, next, { answer })
  switch (reply.action) {
    case 'decline':
      return notDone('The person declined', 'declined', 'Do not ask again unless they want it')
    case 'cancel':
      return notDone(
        'The person closed the question without an answer',
        'closed without an answer',
        'Call again if they still want it',
      )
    case 'silence':
      return notDone(
        'Nobody answered the question in time',
        'no answer',
        'Call again when somebody is there to approve it',
      )
    case 'end':
      return notDone(
        'This server was told to end before anybody answered',
        'the server ended',
        'Call again once it is back',
      )
  }
  const answer = reply.content?.[FIELD[weight]]
  if (weight === 'tick')
    return answer === true
      ? undefined
      : notDone('The box was not ticked', 'not ticked', 'Call again if the person wants it')
  if (typeof answer === 'string' && answer.trim() === seen.name) return undefined
  return notDone(
    `The name that was typed is not ${quote(seen.name, LONGEST_NAME)}`,
    'another name',
    'Check with the person that this is what they mean, then call again',
  )
}

const BROKEN: Readonly<Record<Broken, readonly [what: string, answer: string, next: string]>> = {
  foreign: [
    'The confirmation does not belong to this call: another tool, other arguments, another caller, or not from here',
    'of another call',
    'Call without it to be asked, or shown, anew',
  ],
  expired: ['The confirmation is older than ten minutes', 'expired', 'Call without it to be asked, or shown, anew'],
  changed: [
    'What would be lost is not what was shown any more: it has changed since',
    'changed since',
    'Call without the confirmation to see how it is now',
  ],
}

/** A seal that does not open. */
export const brokenSeal = (broken: Broken): NotApproved => {
  const [what, answer, next] = BROKEN[broken]
  return new NotApproved(what, next, { answer })
}

/** A seal that was used before. */
export const usedSeal = (): NotApproved =>
  new NotApproved('The confirmation was used before; it counts once', 'Look whether the change was made first', {
    answer: 'used before',
  })

/** Uses cannot be recorded. */
export const unknownUse = (): NotApproved =>
  new NotApproved(
    'It cannot be made sure just now that the confirmation counts only once',
    'Call again in a moment with the same confirmation',
    { answer: 'not counted: its use cannot be recorded' },
  )

/** A token, from a client that can ask. */
export const tokenBesidePerson = (): NotApproved =>
  new NotApproved(
    'A confirmation token was given, but this client can ask the person',
    'Call again without confirmation',
    { notAsked: 'a token was given' },
  )

/** A person is not asked everything at once. */
export const tooManyQuestions = (): NotApproved =>
  new NotApproved('Too many questions wait for an answer already', 'Call again once the person has answered those', {
    notAsked: 'too many questions wait',
  })

/** PostHog lets no API key do this, and a person cannot change that. */
export const keysRefused = ({ operation }: FailedCall): NotApproved =>
  new NotApproved(
    `${operation.name}: not sent, and nobody was asked. PostHog does not let API keys call this, whatever their scopes`,
    `Do not retry. ${operation.instead ?? 'Use the PostHog app'}`,
    { notAsked: 'PostHog refuses API keys' },
  )

/** Nobody can be asked, and the operator wants somebody to be. */
export const nobodyToAsk = (call: FailedCall, seen: Preview): NotApproved =>
  new NotApproved(
    `${call.operation.name}: a person has to approve this, and this client cannot ask one\n${toSentences(call, seen, 'quoted')}`,
    'Use a client that can ask (elicitation), or do it in the PostHog app; the operator may allow a preview instead (--unasked preview)',
    { notAsked: 'the client cannot ask' },
  )

/** Nobody can be asked about secrets that are bound to nothing. */
export const nobodyToAskForSecrets = (call: FailedCall, seen: Preview, unbound: readonly Unbound[]): NotApproved => {
  const ways = unbound.map(
    ({ name, type }) =>
      `MCP_SECRET_${name}_FOR=${type}@HOST (of a file: ${name}.for beside it), or ${type} alone where the type has no host of its own`,
  )
  return new NotApproved(
    `${call.operation.name}: not sent. A secret that is bound to no target needs a person's approval, and this client cannot ask one\n${toSentences(call, seen, 'quoted')}`,
    `The operator binds it: ${ways.join('; ')}`,
    { notAsked: 'the client cannot ask' },
  )
}

/** What is shown instead of asking. */
export const toPreviewAnswer = (call: FailedCall, seen: Preview, confirmation: string): NotApproved =>
  new NotApproved(
    `${call.operation.name}: not done yet. This is what it would do:\n${toSentences(call, seen, 'quoted')}\nconfirmation: ${confirmation} (counts once, for ten minutes)`,
    'Show this to the user. If they agree, call again with the same arguments and this confirmation',
    { answer: 'shown' },
  )
