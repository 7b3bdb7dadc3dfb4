// What a compiled function shows of itself.
// SPDX-License-Identifier: MIT

import { NjitError } from '../core/errors.js'
import { placeOf, placeText } from './diagnostic.js'
import type { Dispatcher, Refusal, Specialisation } from './dispatcher.js'
import type { WrittenLoop } from './emit.js'
import type { Compiled } from './frontend.js'
import type { Explanation, ParallelDiagnostics, VectorizationReport } from './function.js'
import { representation } from './interval.js'
import type { Statement } from './ir.js'
import { targetFor } from './libraries.js'
import { LOOP_COMMENT } from './remarks.js'
import { isHuge, parseSignature } from './signature.js'
import { describe, type Value } from './value.js'
import { loopRemarks } from './vectorization.js'
import { eachStatement } from './walk.js'
import { moduleText } from './wasm.js'

/** Compiles for signatures, for the types of example arguments, or without arguments for what njit was given. */
export async function compileAhead(dispatcher: Dispatcher, args: readonly unknown[]): Promise<void> {
  if (dispatcher.placement().runs === 'js') return
  const texts = args.length > 0 && args.every((arg) => typeof arg === 'string') ? (args as string[]) : []
  const signatures = texts.length > 0 ? texts.map(parseSignature) : args.length === 0 ? dispatcher.signatures : []
  if (signatures.length === 0) return dispatcher.compileAhead(dispatcher.typesOf(args), args.some(isHuge))
  for (const signature of signatures) await dispatcher.compileAhead(dispatcher.typesFor(signature), false)
}

/** The text of every specialisation, below a comment. */
function each(dispatcher: Dispatcher, text: (of: Specialisation) => string, comment = '//'): string {
  return specialised(dispatcher)
    .map((of) => `${comment} ${dispatcher.name}(${of.signature})\n${text(of)}`)
    .join('\n')
}

const looks = new WeakMap<Specialisation, Compiled>()

/** What the front end made of a specialisation: made once more at the first look, and kept with it. */
function compiled(dispatcher: Dispatcher, of: Specialisation): Compiled {
  const known = looks.get(of) ?? dispatcher.compiled(of.types, of.huge)
  looks.set(of, known)
  return known
}

function specialised(dispatcher: Dispatcher) {
  const list = [...dispatcher.specialisations.values()]
  if (list.length > 0) return list
  const { name } = dispatcher
  const { runs, reason } = dispatcher.placement()
  const text =
    runs === 'js'
      ? `NL5008: there is no code of '${name}' to look at: it runs as plain JavaScript: ${reason}`
      : `NL5008: there is no code of '${name}' to look at yet: call it, or 'await ${name}.compile(...)'.`
  throw new NjitError(text, { code: 'NL5008' })
}

function typeText(value: Value): string {
  if (value.kind !== 'number') return describe(value).replace(/^an? /, '')
  const type = representation(value)
  const bounds = type === 'f64' ? '' : ` in ${value.lo}..${value.hi}`
  return `${{ f64: 'float64', i32: 'int32', i64: 'int64' }[type]}${bounds}`
}

export const typesText = (dispatcher: Dispatcher): string =>
  each(dispatcher, (of) => {
    const seen = new Set<string>()
    for (const { name, type, position } of compiled(dispatcher, of).types) {
      seen.add(`${String(placeOf(position).line).padStart(5)}  ${name}: ${typeText(type)}`)
    }
    return [...seen].sort().join('\n')
  })

export const cText = (dispatcher: Dispatcher): string =>
  each(dispatcher, (of) => {
    const { text, own, writtenLoops } = compiled(dispatcher, of)
    const place = (number: string) => placeText((writtenLoops[Number(number)] as WrittenLoop).position)
    return text.slice(own).replace(LOOP_COMMENT, (_, number: string) => `// ${place(number)}`)
  })

export function assembly(dispatcher: Dispatcher): string {
  const { fastmath } = dispatcher.definition.settings
  return each(dispatcher, (of) => targetFor(of.target).disassemble(compiled(dispatcher, of).text, { fastmath }))
}

export function webAssembly(dispatcher: Dispatcher): string {
  const { fastmath } = dispatcher.definition.settings
  return each(dispatcher, (of) => moduleText(compiled(dispatcher, of).text, { fastmath }), ';;')
}

export function vectorization(dispatcher: Dispatcher): VectorizationReport {
  const { fastmath } = dispatcher.definition.settings
  const report = specialised(dispatcher).flatMap((of) => {
    const { text, writtenLoops, loops } = compiled(dispatcher, of)
    const said = targetFor(of.target).remarks(text, { fastmath })
    const reductions = loops.flatMap(({ loop }) => loop.parallel?.reductions ?? [])
    const remarks = loopRemarks(writtenLoops, said, { anyOrder: fastmath.includes('reassoc'), reductions })
    return remarks.map((remark) => ({ signature: of.signature, ...remark }))
  })
  return printed(report, () => report.map(({ place, text }) => `${place}: ${text}`).join('\n'))
}

/** Adds a text form to a report. */
function printed<T extends object>(report: T, text: () => string): T {
  const show = { value: text, enumerable: false }
  return Object.defineProperties(report, { toString: show, [Symbol.for('nodejs.util.inspect.custom')]: show })
}

function placed(dispatcher: Dispatcher): Pick<Explanation, 'runs' | 'reason'> {
  try {
    return dispatcher.placement()
  } catch (error) {
    if (error instanceof NjitError) return { runs: 'none', reason: error.message }
    throw error
  }
}

export function explanation(dispatcher: Dispatcher): Explanation {
  const { runs, reason } = placed(dispatcher)
  const specialisations = [...dispatcher.specialisations.values()].map(
    ({ signature, target, compileMs, fromCache }) => {
      return { signature, target, compileMs, fromCache }
    },
  )
  const report = { function: dispatcher.name, runs, reason, specialisations }
  return printed(report, () => {
    const lines = specialisations.map(({ signature, target, compileMs, fromCache }) => {
      return `  (${signature})  ${target}  ${fromCache ? 'from the cache' : 'compiled'} in ${compileMs.toFixed(1)} ms`
    })
    const how = runs === 'none' ? 'does not run' : `runs as ${runs}`
    return [`${dispatcher.name} ${how}: ${reason}`, ...lines].join('\n')
  })
}

export function diagnostics(dispatcher: Dispatcher): ParallelDiagnostics {
  const refusals = [...dispatcher.refusals.values()]
  const list = refusals.length > 0 ? [...dispatcher.specialisations.values()] : specialised(dispatcher)
  const { boundsCheck } = dispatcher.definition.settings
  const loops = list.flatMap((of) => {
    const { loops: reports, hoisted: removed } = compiled(dispatcher, of)
    return reports.map(({ position, loop, ...rest }) => {
      const checks = checksOf(boundsCheck ? loop.body : [], removed)
      return { signature: of.signature, place: placeText(position), ...rest, ...checks }
    })
  })
  return printed({ loops, refusals }, () => [...loops.map(loopText), ...refusals.map(refusalText)].join('\n'))
}

/** Where indices are checked in a loop, and where they are checked before it. */
function checksOf(body: readonly Statement[], removed: ReadonlySet<Statement>) {
  const hoisted = new Set<string>()
  const checked = new Set<string>()
  eachStatement(body, (s) => {
    if (s.kind === 'check') (removed.has(s) ? hoisted : checked).add(placeText(s.position))
  })
  return { hoisted: [...hoisted].filter((place) => !checked.has(place)), checked: [...checked] }
}

function loopText({ place, parallel, collapsed, reason, ...loop }: ParallelDiagnostics['loops'][number]): string {
  const { reductions, privates, shared, distinct, hoisted, checked } = loop
  const list = (title: string, items: readonly string[]) => items.length > 0 && `  ${title}: ${items.join(', ')}`
  // The file is that of the loop, but for functions from elsewhere.
  const file = place.replace(/\d+:\d+$/, '')
  const places = (all: readonly string[]) => all.map((at) => (at.startsWith(file) ? at.slice(file.length) : at))
  const lines = [
    `prange at ${place}${collapsed > 1 ? `, ${collapsed} loops as one` : ''}: ${parallel ? 'parallel' : `serial, ${reason}`}`,
    list(
      'reductions',
      reductions.map(({ name, op }) => `${name} (${op})`),
    ),
    list('private', privates),
    list('shared', shared),
    list(
      'on one thread where these overlap',
      distinct.map((pair) => pair.join(' and ')),
    ),
    list('indices checked before a loop', places(hoisted)),
    list('indices checked in each iteration', places(checked)),
  ]
  return lines.filter(Boolean).join('\n')
}

const refusalText = ({ signature, message }: Refusal) => `refused for (${signature}): ${message}`
