# numloom: `make demo` and `make test` set everything up first. `make help` lists the rest.
# Toolchains go to the cache folder (tools/toolchain.sh); what is built goes to build/, dist/ and out/.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --jobs=$(shell nproc)

CACHE := $(or $(NUMLOOM_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/numloom)
VERSION := $(shell node -p "require('./package.json').version")
NODE_API := node_modules/node-api-headers/include
FAMILIES := $(basename $(notdir $(wildcard cpp/kernels/*.cpp)))
HEADERS := $(wildcard cpp/*/*.h)

# No -ffast-math: NaN, infinities, signed zeros and rounding mean what IEEE 754 says.
CXXFLAGS := -std=c++17 -O3 -fno-math-errno -fno-trapping-math -fwrapv -fopenmp-simd -fno-exceptions -fno-rtti \
	-fvisibility=hidden -Wall -Wextra -Werror -DNL_VERSION='"$(VERSION)"'

.PHONY: help build setup test demo bench tune lint format doctor pack clean native wasm typescript assembly

help:
	@echo 'make demo     compares the backends on real work (OMP_NUM_THREADS is obeyed)'
	@echo 'make test     builds and runs all tests'
	@echo 'make build    builds everything: dist/ and build/'
	@echo 'make bench    runs the benchmarks; PEERS=1 beside NumPy, Numba and numpy-ts'
	@echo 'make tune     measures the plan and writes src/kernel/thresholds.ts'
	@echo 'make pack     writes the npm packages to out/packages/'
	@echo 'make lint     checks style, formats and types; make format mends formats'
	@echo 'make doctor   says which tools are there and which are not'
	@echo 'make clean    removes what was built; the toolchain cache stays'

doctor:
	@tools/toolchain.sh doctor

# ---- set-up ----------------------------------------------------------------------------------------------------

node_modules/.installed: package.json package-lock.json
	@tools/install.sh .
	@touch $@

setup: node_modules/.installed
	@tools/toolchain.sh emscripten python node26 clang-format

EMXX := $(CACHE)/bin/em++
$(EMXX):
	@tools/toolchain.sh emscripten

build: native wasm typescript assembly dist/build-info.json

# ---- TypeScript and AssemblyScript --------------------------------------------------------------------------------

typescript: dist/.typescript
dist/.typescript: node_modules/.installed tsconfig.json tools/commonjs.mjs $(shell find src -name '*.ts') $(wildcard src/njit/*.h)
	@grep -q "'$(VERSION)'" src/version.ts || { echo 'src/version.ts and package.json differ' >&2; exit 1; }
	npx --no-install tsc
	@chmod +x dist/cli.js
	@cp src/njit/*.h dist/njit/
	@cat src/njit/*.ts src/njit/*.h | sha256sum | cut -c1-16 > dist/njit/generation
	@node tools/commonjs.mjs
	@touch $@

assembly: dist/.assembly
dist/.assembly: dist/.typescript asconfig.json tools/assembly.mjs $(shell find assembly -name '*.ts' 2>/dev/null)
	node tools/assembly.mjs
	@touch $@

# ---- the addon ----------------------------------------------------------------------------------------------------

MACHINE := $(shell $(CXX) -dumpmachine)
ifneq ($(filter aarch64%,$(MACHINE)),)
ARCH := arm64
ISAS := neon
else
ARCH := x64
ISAS := v2 avx2 avx512
endif
FLAGS_neon :=
FLAGS_v2 := -march=x86-64-v2
FLAGS_avx2 := -march=x86-64-v3
# The full width pays where registers are the limit, 256 bits where memory is: add and sum of 10^7
# elements gain 10 and 25 %.
STREAMING := elementwise blas reduce
FLAGS_avx512 = -march=x86-64-v4 $(if $(filter $(STREAMING),$(basename $(notdir $@))),$(HALF_WIDTH),$(FULL_WIDTH))
HALF_WIDTH := -mprefer-vector-width=256 -DNL_HALF_WIDTH
FULL_WIDTH := -mprefer-vector-width=512
PLATFORM := linux-$(ARCH)-gnu
NATIVE := build/native/$(PLATFORM)
NATIVE_OBJECTS := $(foreach isa,$(ISAS),$(NATIVE)/$(isa)/table.o $(FAMILIES:%=$(NATIVE)/$(isa)/%.o)) \
	$(NATIVE)/addon.o $(NATIVE)/njit.o $(NATIVE)/threads.o

native: $(NATIVE)/numloom.node

define native_isa
$(NATIVE)/$(1)/%.o: cpp/kernels/%.cpp $(HEADERS) Makefile
	@mkdir -p $$(@D)
	$(CXX) $(CXXFLAGS) -fPIC $$(FLAGS_$(1)) -DNL_ISA=$(1) -c $$< -o $$@
$(NATIVE)/$(1)/table.o: cpp/table.cpp $(HEADERS) Makefile
	@mkdir -p $$(@D)
	$(CXX) $(CXXFLAGS) -fPIC $$(FLAGS_$(1)) -DNL_ISA=$(1) -c $$< -o $$@
endef
$(foreach isa,$(ISAS),$(eval $(call native_isa,$(isa))))

$(NATIVE)/%.o: cpp/node/%.cpp $(HEADERS) Makefile | node_modules/.installed
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) -fPIC -fopenmp -I$(NODE_API) -c $< -o $@

# nodelete: the end of a worker must not unload code that OpenMP's threads still run. libgomp lies beside the addon,
# because a machine without a compiler may not have it.
$(NATIVE)/numloom.node: $(NATIVE_OBJECTS)
	$(CXX) -shared -fopenmp -static-libstdc++ -static-libgcc -Wl,-z,nodelete -Wl,-rpath,'$$ORIGIN' -Wl,--exclude-libs,ALL -s $^ -o $@
	@install -m 644 "$$($(CXX) -print-file-name=libgomp.so.1)" $(NATIVE)/libgomp.so.1

# ---- wasm -----------------------------------------------------------------------------------------------------------
# With threads (shared memory) and without, with relaxed SIMD and without. AssemblyScript's data lies below 64 KiB,
# Emscripten's data, stacks and malloc up to ARENA_BYTES (src/core/memory.ts), arrays above.

ARENA := 33554432
WASM_FLAGS := $(CXXFLAGS) -msimd128 -DNL_ARENA_END=$(ARENA)
WASM_LINK := --no-entry -sIMPORTED_MEMORY -sINITIAL_MEMORY=$(ARENA) -sALLOW_MEMORY_GROWTH -sMAXIMUM_MEMORY=4GB \
	-sGLOBAL_BASE=65536 -sSTACK_SIZE=1MB -Wl,--export-table,--export=__stack_pointer
THREADS_LINK := $(WASM_LINK) -pthread -Wno-pthreads-mem-growth -sMODULARIZE -sEXPORT_NAME=numloom \
	-sWASM_ASYNC_COMPILATION=0 -sENVIRONMENT=node,web,worker -sDEFAULT_PTHREAD_STACK_SIZE=256KB \
	-sEXPORTED_RUNTIME_METHODS=wasmTable,PThread -sINCOMING_MODULE_JS_API=wasmMemory,wasmBinary \
	-sNODEJS_CATCH_EXIT=0 -sNODEJS_CATCH_REJECTION=0
SERIAL_LINK := $(WASM_LINK) -sSTANDALONE_WASM

COMPILE_serial :=
COMPILE_threads := -pthread
COMPILE_serial.relaxed := -mrelaxed-simd
COMPILE_threads.relaxed := -pthread -mrelaxed-simd
WASM_FILES := dist/wasm/numloom.wasm dist/wasm/numloom.relaxed.wasm \
	dist/wasm/numloom.threads.cjs dist/wasm/numloom.threads.relaxed.cjs
wasm_objects = $(FAMILIES:%=build/wasm/$(1)/%.o) build/wasm/$(1)/table.o build/wasm/$(1)/module.o build/wasm/$(1)/njit.o

wasm: $(WASM_FILES)

define wasm_variant
build/wasm/$(1)/%.o: cpp/kernels/%.cpp $(HEADERS) Makefile | $(EMXX)
	@mkdir -p $$(@D)
	$(EMXX) $(WASM_FLAGS) $(COMPILE_$(1)) -c $$< -o $$@
build/wasm/$(1)/%.o: cpp/wasm/%.cpp $(HEADERS) Makefile | $(EMXX)
	@mkdir -p $$(@D)
	$(EMXX) $(WASM_FLAGS) $(COMPILE_$(1)) -c $$< -o $$@
build/wasm/$(1)/table.o: cpp/table.cpp $(HEADERS) Makefile | $(EMXX)
	@mkdir -p $$(@D)
	$(EMXX) $(WASM_FLAGS) $(COMPILE_$(1)) -c $$< -o $$@
endef
$(foreach variant,serial threads serial.relaxed threads.relaxed,$(eval $(call wasm_variant,$(variant))))

dist/wasm/numloom.wasm: $(call wasm_objects,serial) build/wasm/serial/serial.o
dist/wasm/numloom.relaxed.wasm: $(call wasm_objects,serial.relaxed) build/wasm/serial.relaxed/serial.o
dist/wasm/numloom.wasm dist/wasm/numloom.relaxed.wasm:
	@mkdir -p $(@D)
	$(EMXX) -O3 $(SERIAL_LINK) $^ -o $@

THREADS_PARTS = build/wasm/$(1)/threads.o build/wasm/$(1)/arena.o cpp/wasm/njit.js
dist/wasm/numloom.threads.cjs: $(call wasm_objects,threads) $(call THREADS_PARTS,threads)
dist/wasm/numloom.threads.relaxed.cjs: $(call wasm_objects,threads.relaxed) $(call THREADS_PARTS,threads.relaxed)
dist/wasm/numloom.threads.cjs dist/wasm/numloom.threads.relaxed.cjs:
	@mkdir -p $(@D)
	$(EMXX) -O3 $(THREADS_LINK) $(^:%.js=--js-library %.js) -o $@

# ---- what was built, and how -----------------------------------------------------------------------------------------

dist/build-info.json: export BUILD_CXX = $(CXX)
dist/build-info.json: export BUILD_EMXX = $(EMXX)
dist/build-info.json: export BUILD_PLATFORM = $(PLATFORM)
dist/build-info.json: export BUILD_ISAS = $(ISAS)
dist/build-info.json: export BUILD_CXXFLAGS = $(CXXFLAGS)
dist/build-info.json: export BUILD_FLAGS_neon = $(FLAGS_neon)
dist/build-info.json: export BUILD_FLAGS_v2 = $(FLAGS_v2)
dist/build-info.json: export BUILD_FLAGS_avx2 = $(FLAGS_avx2)
dist/build-info.json: export BUILD_FLAGS_avx512 = $(FLAGS_avx512)
dist/build-info.json: export BUILD_STREAMING = $(STREAMING)
dist/build-info.json: export BUILD_HALF_WIDTH = $(HALF_WIDTH)
dist/build-info.json: export BUILD_WASM_FLAGS = $(WASM_FLAGS)
dist/build-info.json: export BUILD_THREADS_LINK = $(THREADS_LINK)
dist/build-info.json: $(NATIVE)/numloom.node $(WASM_FILES) dist/.typescript asconfig.json tools/build-info.mjs Makefile
	@node tools/build-info.mjs

# ---- what people run -------------------------------------------------------------------------------------------------

test: setup build
	@node tools/test.mjs

demo: build
	@node bench/demo.mjs

bench: build
	@PEERS=$(PEERS) SUITE=$(SUITE) node bench/run.mjs

tune: build
	@node tools/tune.mjs

lint: setup build
	npx --no-install biome ci .
	npx --no-install tsc --noEmit -p test
	$(CACHE)/bin/clang-format --dry-run --Werror $(wildcard cpp/*.cpp cpp/*/*.cpp cpp/*/*.h)

format: setup
	npx --no-install biome check --write .
	$(CACHE)/bin/clang-format -i $(wildcard cpp/*.cpp cpp/*/*.cpp cpp/*/*.h)

pack: build
	@node tools/pack.mjs

clean:
	rm -rf build dist out bench/out
