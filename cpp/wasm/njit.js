// The part of cpp/wasm/njit.cpp that only JavaScript can do: a thread's own instance of a compiled function.
// SPDX-License-Identifier: MIT

addToLibrary({
  /** A descriptor's words: address and length of the binary, where its data lies, how many functions its table holds. */
  nl_njit_body(program, which, context, begin, end) {
    Module.njit ||= new Map()
    let body = Module.njit.get(program >>> 0)
    if (!body) {
      const [at, length, data, functions] = new Uint32Array(wasmMemory.buffer, program >>> 0, 4)
      const compiled = new WebAssembly.Module(new Uint8Array(wasmMemory.buffer, at, length).slice())
      const env = {
        memory: wasmMemory,
        __indirect_function_table: new WebAssembly.Table({ initial: functions, element: 'anyfunc' }),
        __memory_base: new WebAssembly.Global({ value: 'i32' }, data),
        __table_base: new WebAssembly.Global({ value: 'i32' }, 0),
        __stack_pointer: ___stack_pointer,
        nl_region: (...region) => _nl_njit_region(program, ...region),
        nl_allocate: _nl_njit_allocate,
        nl_release: _nl_njit_release,
        nl_random: _nl_random,
        nl_block_sin: _nl_block_sin,
        nl_block_cos: _nl_block_cos,
        nl_block_exp: _nl_block_exp,
        nl_block_log: _nl_block_log,
        fmod: (x, y) => x % y,
        fmodf: (x, y) => x % y,
      }
      const { exports } = new WebAssembly.Instance(compiled, { env, Math })
      exports.__wasm_apply_data_relocs?.()
      body = exports.nl_body
      Module.njit.set(program >>> 0, body)
    }
    body(which, context, begin, end)
  },
})
