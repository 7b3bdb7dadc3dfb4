// From the user's nodes and what inference noted of them to the typed form: statements in JavaScript's order of evaluation,
// with expressions that have no effects.
// SPDX-License-Identifier: MIT

import type * as es from 'acorn'
import { bind } from './build-assignments.js'
import { buildCut } from './build-cut.js'
import { build, valueAt } from './build-expressions.js'
import { inTurn } from './build-order.js'
import { buildStatement } from './build-statements.js'
import type { Instance } from './calls.js'
import { declareWhereSeen } from './declarations.js'
import { type Inference, type Notes, seesLabels } from './infer.js'
import { MAX_I32, representation } from './interval.js'
import type {
  ArrayType,
  Expression,
  Failure,
  FunctionIr,
  Label,
  Position,
  ProgramIr,
  Scalar,
  Statement,
  Type,
  Variable,
} from './ir.js'
import type { Leavable } from './jumps.js'
import { bare } from './same.js'
import type { Local } from './scope.js'
import { convert, newLabel, newVariable, use } from './typed.js'
import type { Closure, FunctionNode, Value } from './value.js'

/** A value in the typed form. */
export type Built =
  | { readonly kind: 'scalar'; readonly expression: Expression }
  | { readonly kind: 'array'; readonly variable: Variable }
  | { readonly kind: 'compound'; readonly fields: readonly Built[] }
  | { readonly kind: 'none' }

export const NONE: Built = { kind: 'none' }

export function scalarBuilt(expression: Expression): Built {
  return { kind: 'scalar', expression }
}

interface Target extends Leavable {
  readonly leave: Label
  readonly again: { readonly kind: 'break' | 'continue'; readonly label: Label } | undefined
}

interface Frame {
  readonly targets: Target[]
  /** Where a return goes: out of the function, or to the end of a block after assigning its result. */
  readonly end: Label | undefined
  readonly results: readonly Variable[]
  readonly types: readonly Type[]
}

export class Builder {
  out: Statement[] = []
  readonly frames: Frame[] = []
  readonly functions = new Map<Instance, FunctionIr>()
  /** An expression whose value nobody uses. */
  unused: es.Node | undefined
  /** Array variables that come to stand for other arrays. */
  readonly reassigned = new Set<Variable>()
  readonly extentType: 'i32' | 'i64'
  readonly failures: Failure[] = []

  constructor(
    readonly notes: Notes,
    maxExtent: number,
  ) {
    this.extentType = maxExtent <= MAX_I32 ? 'i32' : 'i64'
  }

  emit(...statements: Statement[]) {
    this.out.push(...statements)
  }

  /** What `work` emits, apart. */
  collect(work: () => void): Statement[] {
    const before = this.out
    this.out = []
    try {
      work()
      return this.out
    } finally {
      this.out = before
    }
  }

  failure(error: Failure['error'], message: string, named = false): number {
    const known = this.failures.findIndex((failure) => failure.error === error && failure.message === message)
    return known >= 0 ? known : this.failures.push({ error, message, named }) - 1
  }

  /** A new variable with a value. */
  let(name: string, value: Expression, position: Position): Variable {
    const variable = newVariable(name, value.type, position)
    this.emit({ kind: 'let', variable, value })
    return variable
  }

  /** The variables of a local, one for each field, declared where they are not yet. */
  variablesOf(local: Local, position: Position): readonly Variable[] {
    if (local.variables === undefined) {
      local.variables = fieldTypes(local.value).map((type) => newVariable(local.name, type, position))
      for (const variable of local.variables) {
        this.emit({ kind: 'let', variable, value: undefined })
        if (typeof variable.type !== 'string') this.reassigned.add(variable)
      }
    }
    return local.variables
  }

  builtOf(local: Local): Built {
    const variables = [...(local.variables ?? [])]
    return assemble(local.value, variables)
  }

  // ---- statements ---------------------------------------------------------------------------------------------------

  statements(list: readonly es.Node[]) {
    for (const statement of list) this.statement(statement)
  }

  statement(node: es.Node, labels: readonly string[] = []) {
    if (!this.notes.reached.has(node)) return
    if (labels.length > 0 && !seesLabels(node))
      this.leavable(labels, 'block', () => buildStatement(this, node as es.Statement, []))
    else buildStatement(this, node as es.Statement, labels)
  }

  get frame(): Frame {
    return this.frames.at(-1) as Frame
  }

  /** Statements that `break` leaves. */
  leavable(names: readonly string[], kind: 'switch' | 'block', work: () => void): void {
    const leave = newLabel()
    this.frame.targets.push({ names, kind, leave, again: undefined })
    const body = this.collect(work)
    this.frame.targets.pop()
    this.emit({ kind: 'block', body, label: leave })
  }

  /** The body of a loop: `continue` leads to its end, or on to the next turn. */
  body(names: readonly string[], leave: Label, again: Target['again'], work: () => void): Statement[] {
    this.frame.targets.push({ names, kind: 'loop', leave, again })
    const body = this.collect(work)
    this.frame.targets.pop()
    return body
  }

  return(value: Built, position: Position): void {
    const { end, results, types } = this.frame
    const fields = flatten(value).map((field, i) => {
      const type = types[i]
      return field.kind === 'scalar' && typeof type === 'string' ? scalarBuilt(convert(field.expression, type)) : field
    })
    if (end === undefined) {
      const values = fields.map((field) =>
        field.kind === 'scalar' ? field.expression : (field as { variable: Variable }).variable,
      )
      this.emit({ kind: 'return', values, position })
      return
    }
    for (const [i, field] of fields.entries()) this.assignTo(results[i] as Variable, field, position)
    this.emit({ kind: 'break', label: end })
  }

  assignTo(variable: Variable, value: Built, position: Position): void {
    if (value.kind === 'array') {
      this.emit({ kind: 'alias', variable, source: value.variable, row: [], declares: false, position })
    } else if (value.kind === 'scalar') {
      const converted = convert(value.expression, variable.type as Scalar)
      const from = bare(converted)
      // To set a variable to itself is no assignment, which other iterations would have to wait for.
      if (from.kind === 'variable' && from.variable === variable) return
      this.emit({ kind: 'assign', variable, value: converted, position })
    }
  }

  // ---- functions ----------------------------------------------------------------------------------------------------

  /** A function of its own in C. */
  function(name: string, node: FunctionNode, params: readonly Value[], result: Value | undefined): FunctionIr {
    const types = fieldTypes(result)
    const parameters: Variable[] = []
    const ir: FunctionIr = { name, parameters, results: types, body: [] }
    this.#fill(ir, node, params, parameters, types)
    return ir
  }

  /** `captured` are variables from around the function, which are parameters behind its own. */
  #fill(
    ir: FunctionIr,
    node: FunctionNode,
    params: readonly Value[],
    parameters: Variable[],
    types: Type[],
    captured: readonly Local[] = [],
  ): void {
    this.frames.push({ targets: [], end: undefined, results: [], types })
    const body = this.collect(() => {
      const values = params.map((value, i) => {
        const variables = fieldTypes(value).map((type) => newVariable(parameterName(node, i), type, node.start))
        parameters.push(...variables)
        const local = captured[i - (params.length - captured.length)]
        if (local) Object.assign(local, { variables, companion: undefined })
        return assemble(value, [...variables])
      })
      this.parameters(node, values, params)
      if (node.body.type === 'BlockStatement') this.statements(node.body.body)
      else if (this.notes.values.has(node.body)) this.return(build(this, node.body), node.body.start)
      else buildCut(this, node.body)
    })
    this.frames.pop()
    ir.body.push(...body)
  }

  /** Gives the parameters of a function their values. */
  parameters(node: FunctionNode, args: readonly Built[], values: readonly (Value | undefined)[]): void {
    const given = node.params.map((_, i) => args[i] ?? NONE)
    inTurn(this, given, (value, i) => {
      const parameter = node.params[i] as es.Pattern
      const optional = parameter.type === 'AssignmentPattern'
      const pattern = optional ? parameter.left : parameter
      if (value === NONE && optional && !this.notes.values.has(parameter.right)) buildCut(this, parameter.right)
      else if (value === NONE && optional)
        bind(this, pattern, build(this, parameter.right), valueAt(this, parameter.right))
      else bind(this, pattern, value, values[i])
    })
  }

  /** The function that a recursive call calls. */
  instance(instance: Instance): FunctionIr {
    const known = this.functions.get(instance)
    if (known) return known
    const { name, expansion, params, result } = instance
    const types = fieldTypes(result)
    const parameters: Variable[] = []
    const ir: FunctionIr = { name, parameters, results: types, body: [] }
    this.functions.set(instance, ir)
    const { out } = this
    const outside = instance.captured.map((local) => ({
      local,
      variables: local.variables,
      companion: local.companion,
    }))
    this.#fill(ir, expansion.node, params, parameters, types, instance.captured)
    for (const { local, ...before } of outside) Object.assign(local, before)
    this.out = out
    return ir
  }
}

function parameterName(node: FunctionNode, index: number): string {
  const parameter = node.params[index]
  return parameter?.type === 'Identifier' ? parameter.name : ''
}

/** The types of the fields of a value, compounds being taken apart. */
export function fieldTypes(value: Value | undefined): Type[] {
  if (value === undefined || value.kind === 'function' || value.kind === 'unset') return []
  if (value.kind === 'array') return [value]
  if (value.kind === 'compound') return value.fields.flatMap(fieldTypes)
  return [value.kind === 'number' ? representation(value) : value.kind]
}

/** A value from the variables of its fields, which are taken from the front of the list. */
export function assemble(value: Value | undefined, variables: Variable[]): Built {
  if (value === undefined || value.kind === 'function' || value.kind === 'unset') return NONE
  if (value.kind === 'compound') {
    return { kind: 'compound', fields: value.fields.map((field) => assemble(field, variables)) }
  }
  const variable = variables.shift() as Variable
  return value.kind === 'array' ? { kind: 'array', variable } : scalarBuilt(use(variable))
}

export function flatten(value: Built): Built[] {
  if (value.kind === 'compound') return value.fields.flatMap(flatten)
  return value.kind === 'none' ? [] : [value]
}

/** The typed form of a function that inference ran. */
export function buildProgram(
  inf: Inference,
  closure: Closure,
  params: readonly Value[],
  hidden: readonly Local[],
): ProgramIr {
  const expansion = inf.notes.expansions.get(closure.node)
  const builder = new Builder(inf.notes, inf.maxExtent)
  const extra = hidden.map((local) => {
    const variable = newVariable(local.name, local.value as ArrayType, closure.node.start)
    local.variables = [variable]
    return variable
  })
  const main = builder.function(closure.name, expansion?.node as FunctionNode, params, expansion?.result)
  ;(main.parameters as Variable[]).push(...extra)
  const functions = [...builder.functions.values()]
  for (const f of [main, ...functions]) declareWhereSeen(f)
  return { main, functions, failures: builder.failures }
}
