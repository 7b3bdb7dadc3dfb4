#!/usr/bin/env bash
# Sets up what numloom's build, tests and benchmarks need beyond node and g++: Emscripten, a Python with NumPy as the
# tests' oracle, Node 26 and clang-format. Everything goes into one cache folder and is pinned here; a piece whose pin
# changes is made again. It builds nothing of numloom itself.
#
#   tools/toolchain.sh all        emscripten, python, node26, clang-format
#   tools/toolchain.sh PIECE...   some of them, or peers (NumPy and Numba, which only the benchmarks need)
#   tools/toolchain.sh doctor     what is there, where, and what mends what is not; exit 1 if a build is impossible
#
# NUMLOOM_CACHE is the cache folder (default: $XDG_CACHE_HOME/numloom or ~/.cache/numloom).
# EMSDK, or an emcc in PATH, is used instead of a download when it is recent enough.
# NUMLOOM_DEBIAN_MIRROR overrides the Debian mirror, which is otherwise the one that apt uses.
set -euo pipefail

# Each line of requirements is for one Python: the newest NumPy that has wheels for it, the newest Numba that takes it.
oracle_requirements=(
  'numpy==2.4.6; python_version >= "3.11"'
  'numpy==2.2.6; python_version == "3.10"'
  'numpy==2.0.2; python_version < "3.10"'
)
peers_requirements=(
  "${oracle_requirements[@]}"
  'numba==0.68.1; python_version >= "3.10"'
  'llvmlite==0.50.0; python_version >= "3.10"'
  'numba==0.60.0; python_version < "3.10"'
)
clang_format_version=23.1.5
node26_version=26.10.0
emscripten_least_major=4
# Debian serves one Emscripten a suite, so the suite is the pin; raise the recipe's number to have the root made again.
emscripten_suite=forky
emscripten_recipe=1

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR
{
  source "$tools/lib/cache.sh"
  source "$tools/lib/system.sh"
  source "$tools/lib/emscripten.sh"
  source "$tools/lib/packages.sh"
  source "$tools/lib/doctor.sh"
}

usage() { sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; }

run_command() {
  case $1 in
    emscripten) provide_emscripten ;;
    python) provide_venv python "${oracle_requirements[@]}" ;;
    peers) provide_venv peers "${peers_requirements[@]}" ;;
    node26) provide_node26 ;;
    clang-format) provide_clang_format ;;
    all) for piece in emscripten python node26 clang-format; do run_command "$piece"; done ;;
    doctor) doctor ;;
    help | -h | --help) usage ;;
    *)
      echo "tools/toolchain.sh: no command '$1'" >&2
      usage >&2
      exit 2
      ;;
  esac
}

if (($# == 0)); then
  usage >&2
  exit 2
fi
for command in "$@"; do run_command "$command"; done
