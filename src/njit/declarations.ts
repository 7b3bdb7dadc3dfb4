// Declarations where all uses see them. A function that leaves the block it was made in goes on with the variables of that
// block: those are declared further out then, and assigned where they were declared.
// SPDX-License-Identifier: MIT

import type { FunctionIr, Statement, Variable } from './ir.js'
import { newVariable, use } from './typed.js'
import { listsOf, ownUseOf } from './walk.js'

/** The lists of statements that one is in, the outermost first. */
type Path = readonly (readonly Statement[])[]

export function declareWhereSeen({ body }: FunctionIr): void {
  const homes = homesOf(body)
  if (homes.size === 0) return
  assignInstead(body, homes)
  for (const [variable, path] of homes) {
    const home = path.at(-1) as Statement[]
    home.unshift({ kind: 'let', variable, value: undefined })
  }
}

/** The innermost lists that the declaration and all uses are in, of variables that are used outside of their block. */
function homesOf(body: readonly Statement[]): Map<Variable, Path> {
  const declared = new Map<Variable, Path>()
  walk(body, [], (s, path) => {
    // A counter is seen in the body alone.
    const block = s.kind === 'for' ? [...path, s.body] : path
    for (const variable of ownUseOf(s).declared) declared.set(variable, block)
  })
  const homes = new Map<Variable, Path>()
  walk(body, [], (s, path) => {
    for (const variable of ownUseOf(s).used) {
      const block = declared.get(variable)
      if (block === undefined || isWithin(path, block)) continue
      const known = homes.get(variable) ?? block
      homes.set(
        variable,
        known.filter((list, depth) => list === path[depth]),
      )
    }
  })
  return homes
}

const isWithin = (path: Path, block: Path) => block.every((list, depth) => list === path[depth])

function walk(list: readonly Statement[], around: Path, visit: (s: Statement, path: Path) => void): void {
  const path = [...around, list]
  for (const s of list) {
    visit(s, path)
    for (const inner of listsOf(s)) walk(inner, path, visit)
  }
}

function assignInstead(list: readonly Statement[], moved: ReadonlyMap<Variable, Path>): void {
  for (const s of list) for (const inner of listsOf(s)) assignInstead(inner, moved)
  const assigned = list.flatMap((s) => ('variable' in s && moved.has(s.variable) ? assignment(s) : [s]))
  ;(list as Statement[]).splice(0, list.length, ...assigned)
}

/** What declares a variable, without the declaration. */
function assignment(s: Extract<Statement, { variable: Variable }>): Statement[] {
  const { variable } = s
  const { name, type, position } = variable
  if (s.kind === 'let') return s.value ? [{ kind: 'assign', variable, value: s.value, position }] : []
  if (s.kind === 'alias') return [{ ...s, declares: false }]
  if (s.kind === 'assign') return [s]
  const own = newVariable(name, type, position)
  if (s.kind === 'for') {
    s.body.unshift({ kind: 'assign', variable, value: use(own), position })
    return [{ ...s, variable: own }]
  }
  const alias = { kind: 'alias', variable, source: own, row: [], declares: false, position } as const
  return s.kind === 'allocate' ? [{ ...s, variable: own }, alias] : [s]
}
