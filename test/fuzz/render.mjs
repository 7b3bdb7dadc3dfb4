// Programs as text: as njit compiles them, and as a reference for JavaScript itself, with indices checked as njit's are
// and a limit on turns of loops.
// SPDX-License-Identifier: MIT

import { PARAMETERS } from './data.mjs'

const EXPRESSIONS = {
  const: ({ text }) => (text.startsWith('-') ? `(${text})` : text),
  var: ({ name }) => name,
  bin: ({ op, a, b }, mode) => `(${expression(a, mode)} ${op} ${expression(b, mode)})`,
  un: ({ op, a }, mode) => `(${op} ${expression(a, mode)})`,
  cond: ({ a, b, c }, mode) => `(${expression(a, mode)} ? ${expression(b, mode)} : ${expression(c, mode)})`,
  call: ({ fn, args }, mode) => {
    const text = `${fn}(${args.map((arg) => expression(arg, mode)).join(', ')})`
    return fn === 'BigInt' && mode !== 'njit' ? `fits(${text})` : text
  },
  load: ({ array, index }, mode) =>
    mode === 'njit' ? `${array}[${expression(index, mode)}]` : `at(${array}, ${expression(index, mode)})`,
  get: ({ array, indices }, mode) => method('get', array, indices, mode),
  fits: ({ op, a, b }, mode) => {
    const text = `(${expression(a, mode)} ${op} ${expression(b, mode)})`
    return mode === 'njit' ? text : `fits${text}`
  },
  arrow: ({ name, a }, mode) => `(${name}) => ${expression(a, mode)}`,
  len: ({ array }) => `${array}.length`,
  assign: ({ name, a }, mode) => `(${name} = ${expression(a, mode)})`,
  update: ({ op, name, prefix }) => (prefix ? `(${op}${name})` : `(${name}${op})`),
  /** Bigints are held in 64 bits. */
  wrapped: ({ op, a, b }, mode) =>
    `BigInt.asIntN(64, ${b ? `${expression(a, mode)} ${op} ${expression(b, mode)}` : `${op}${expression(a, mode)}`})`,
  tuple: ({ args }, mode) => `[${args.map((arg) => expression(arg, mode)).join(', ')}]`,
}

/** A method of an NDArray; the reference checks each index before it goes on. */
function method(name, array, list, mode) {
  const args = list.map((one) => expression(one, mode))
  if (mode === 'njit') return `${array}.${name}(${args.join(', ')})`
  return `${name}(${array}, ${args.map((arg) => `() => ${arg}`).join(', ')})`
}

export const expression = (node, mode) => EXPRESSIONS[node.k](node, mode)

const labelled = ({ label }) => (label ? `${label}: ` : '')
const indented = (text) => text.replace(/^(?=.)/gm, '  ')

const block = (list, mode) => `{\n${indented(list.map((one) => statement(one, mode)).join(''))}}`

/** A loop's body, which the reference counts the turns of. */
const body = (list, mode, first = '') =>
  `{\n${indented(`${mode === 'njit' ? '' : 'tick()\n'}${first}${list.map((one) => statement(one, mode)).join('')}`)}}`

function store({ op, array, index, value }, mode) {
  const [at, right] = [expression(index, mode), expression(value, mode)]
  if (mode === 'njit') return `${array}[${at}] ${op} ${right}\n`
  if (op === '=') return `put(${array}, ${at}, () => ${right})\n`
  return `change(${array}, ${at}, (old) => old ${op.slice(0, -1)} ${right})\n`
}

const STATEMENTS = {
  let: ({ keyword, name, value }, mode) => `${keyword} ${name}${value ? ` = ${expression(value, mode)}` : ''}\n`,
  assign: ({ op, name, value }, mode) => `${name} ${op} ${expression(value, mode)}\n`,
  store,
  set: ({ array, indices, value }, mode) => `${method('set', array, [...indices, value], mode)}\n`,
  row: ({ name, array, index }, mode) => `const ${name} = ${method('row', array, [index], mode)}\n`,
  add: ({ array, index, value }, mode) =>
    `atomicAdd(${array}, ${expression(index, mode)}, ${expression(value, mode)})\n`,
  if: ({ test, yes, no }, mode) =>
    `if (${expression(test, mode)}) ${block(yes, mode)}${no ? ` else ${block(no, mode)}` : ''}\n`,
  for: (node, mode) => {
    const { name, from, op, to, update } = node
    const head = `let ${name} = ${expression(from, mode)}; ${name} ${op} ${expression(to, mode)}; ${update}`
    return `${labelled(node)}for (${head}) ${body(node.body, mode)}\n`
  },
  while: (node, mode) => {
    const { name, count, test } = node
    const head = `${name} < ${count} && ${expression(test, mode)}`
    return `let ${name} = 0\n${labelled(node)}while (${head}) ${body(node.body, mode, `${name}++\n`)}\n`
  },
  do: (node, mode) => {
    const { name, count, test } = node
    const end = `${name} < ${count} && ${expression(test, mode)}`
    return `let ${name} = 0\n${labelled(node)}do ${body(node.body, mode, `${name}++\n`)} while (${end})\n`
  },
  forof: (node, mode) => `${labelled(node)}for (const ${node.name} of ${node.array}) ${body(node.body, mode)}\n`,
  range: (node, mode) => {
    const args = node.args.map((arg) => expression(arg, mode)).join(', ')
    return `${labelled(node)}for (const ${node.name} of ${node.fn}(${args})) ${body(node.body, mode)}\n`
  },
  switch: ({ on, cases }, mode) => {
    const parts = cases.map(({ value, body: list, falls }) => {
      const head = value === undefined ? 'default:' : `case ${value}:`
      return `${head} ${block(list, mode)}\n${falls ? '' : 'break\n'}`
    })
    return `switch (${expression(on, mode)}) {\n${indented(parts.join(''))}}\n`
  },
  block: (node, mode) => `${labelled(node)}${block(node.body, mode)}\n`,
  break: ({ label }) => `break${label ? ` ${label}` : ''}\n`,
  continue: ({ label }) => `continue${label ? ` ${label}` : ''}\n`,
  return: ({ value }, mode) => `return ${expression(value, mode)}\n`,
  throw: ({ error, message }) => `throw new ${error}('${message}')\n`,
  swap: ({ names: [a, b] }) => `;[${a}, ${b}] = [${b}, ${a}]\n`,
  take: ({ names, value }, mode) => `const [${names.join(', ')}] = ${expression(value, mode)}\n`,
  parts: ({ name, keys, args }, mode) => {
    const values = args.map((one, i) => `${keys ? `${keys[i]}: ` : ''}${expression(one, mode)}`).join(', ')
    return `const ${name} = ${keys ? `{ ${values} }` : `[${values}]`}\n`
  },
  array: ({ name, type, length }, mode) => `const ${name} = new ${type}(${expression(length, mode)})\n`,
  literal: ({ name, type, args }, mode) => `const ${name} = new ${type}(${expression({ k: 'tuple', args }, mode)})\n`,
  zeros: ({ name, shape }, mode) => `const ${name} = nl.zeros(${expression({ k: 'tuple', args: shape }, mode)})\n`,
  lambda: ({ name, params, body: list }, mode) => `const ${name} = (${params.join(', ')}) => ${block(list, mode)}\n`,
  expr: ({ value }, mode) => `;${expression(value, mode)}\n`,
}

const statement = (node, mode) => STATEMENTS[node.s](node, mode)

function helper({ name, params, body: list, arrow }, mode) {
  const given = params.map((param) => (param.value ? `${param.name} = ${expression(param.value, mode)}` : param.name))
  const head = arrow ? `const ${name} = (${given.join(', ')}) => ` : `function ${name}(${given.join(', ')}) `
  const [{ s, value }] = list
  return `${head}${arrow && s === 'return' && value.k !== 'tuple' ? expression(value, mode) : block(list, mode)}\n`
}

const WORD = /[A-Za-z_]\w*/g

/** The text of a program as the function `name`, and the parameters that it takes. */
export function render({ helpers, body: list }, mode, name = 'program') {
  const text = `${helpers.map((one) => helper(one, mode)).join('')}${list.map((one) => statement(one, mode)).join('')}`
  const words = new Set(text.match(WORD))
  const parameters = PARAMETERS.filter((parameter) => words.has(parameter))
  return { text: `function ${name}(${parameters.join(', ')}) {\n${indented(text)}}`, parameters }
}

/** Several programs as one function for njit, whose first parameter says which of them runs. */
export function renderPack(programs) {
  const parts = programs.map((program, i) => render(program, 'njit', `program${i}`))
  const parameters = PARAMETERS.filter((name) => parts.some((part) => part.parameters.includes(name)))
  const cases = parts.map(({ parameters: own }, i) => {
    const head = i === parts.length - 1 ? 'default' : `case ${i}`
    return `${head}: return program${i}(${own.join(', ')})\n`
  })
  const text = `${parts.map((part) => `${part.text}\n`).join('')}switch (which) {\n${indented(cases.join(''))}}\n`
  return { text: `function pack(${['which', ...parameters].join(', ')}) {\n${indented(text)}}`, parameters }
}
