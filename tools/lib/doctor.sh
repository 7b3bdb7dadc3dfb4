# shellcheck shell=bash disable=SC2154 # the pins are in toolchain.sh, the cache's variables in cache.sh
# doctor: a list of every tool, for a reader. Changes nothing. A tool is ok; or absent or broken, when this script can
# make it; or MISSING, when the user must act before a build is possible.

doctor() {
  local possible=1
  show_row state tool version 'where, or what mends it'
  examine_command node 20 'install Node 20 or later'
  examine_command npm 8 'install npm, which comes with Node'
  examine_command g++ 10 'apt-get install g++'
  examine_command make 4 'apt-get install make'
  examine_python
  examine_piece emscripten "$cache/bin/em++" version_of "$cache/bin/em++" --version
  examine_piece python "$cache/python/bin/python" venv_versions python numpy
  examine_piece node26 "$cache/node26/bin/node" version_of "$cache/node26/bin/node" --version
  examine_piece clang-format "$cache/bin/clang-format" version_of "$cache/bin/clang-format" --version
  examine_piece peers "$cache/peers/bin/python" venv_versions peers numpy numba
  echo "  (peers is for the benchmarks only; the cache is $cache)"
  ((possible)) || echo '  A build is not possible before what is MISSING is mended.'
  ((possible))
}

show_row() { printf '  %-8s %-13s %-26s %s\n' "$@"; }

# report_missing TOOL VERSION REMEDY
report_missing() {
  show_row MISSING "$@"
  possible=0
}

# version_of COMMAND...: the first version number that it prints.
version_of() {
  local output
  output=$("$@" 2>/dev/null) && [[ $output =~ [0-9]+(\.[0-9]+)+ ]] && echo "${BASH_REMATCH[0]}"
}

# venv_versions VENV PACKAGE...
venv_versions() {
  local venv=$1 package version versions=()
  shift
  for package; do
    version=$(version_of "$cache/$venv/bin/python" -c "import $package; print($package.__version__)") || return
    versions+=("$package $version")
  done
  echo "${versions[*]}"
}

# examine_command TOOL LEAST_MAJOR REMEDY
examine_command() {
  local version
  if ! command -v "$1" >/dev/null; then
    report_missing "$1" - "$3"
    return
  fi
  version=$(version_of "$1" --version) || true
  if ((${version%%.*} + 0 >= $2)); then
    show_row ok "$1" "$version" "$(command -v "$1")"
  else
    report_missing "$1" "$version" "$3"
  fi
}

examine_python() {
  local python
  if python=$(usable_python); then
    show_row ok python3 "$(version_of "$python" --version)" "$python"
  elif can_install_packages; then
    show_row absent python3 - 'tools/toolchain.sh python'
  else
    report_missing python3 - 'install Python 3.9 or later with its venv module'
  fi
}

# examine_piece PIECE FILE VERSION_COMMAND...
examine_piece() {
  local piece=$1 file=$2 version obstacle
  shift 2
  if stands "$piece"; then
    if version=$("$@"); then
      show_row ok "$piece" "$version" "$file"
    else
      show_row broken "$piece" - "rm '$cache/stamps/$piece' && tools/toolchain.sh $piece"
    fi
    return
  fi
  obstacle=$(obstacle_to "$piece")
  if [[ -z $obstacle ]]; then
    show_row absent "$piece" - "tools/toolchain.sh $piece"
  elif [[ $piece == peers ]]; then
    show_row absent "$piece" - "$obstacle"
  else
    report_missing "$piece" - "$obstacle"
  fi
}

# stands PIECE: runs the piece's own command with a provide that only looks, so that its key is written in one place.
stands() (
  # shellcheck disable=SC2329 # run_command's pieces call it
  provide() { is_in_place "$1" "$3 in $cache" "${@:4}"; }
  run_command "$1"
)

# obstacle_to PIECE: prints what keeps this script from making the piece, if anything does.
obstacle_to() {
  case $1 in
    emscripten) obstacle_to_root ;;
    node26) node26_package >/dev/null || echo "install Node $node26_version by hand" ;;
    *) usable_python >/dev/null || can_install_packages || echo 'install Python 3.9 or later with its venv module' ;;
  esac
}

obstacle_to_root() {
  local sdk="install the Emscripten SDK ($emscripten_least_major or later) and set EMSDK"
  if external_emcc >/dev/null; then return; fi
  if ((EUID != 0)); then
    echo "run as root, or $sdk"
  elif ! debian_mirror >/dev/null; then
    echo "set NUMLOOM_DEBIAN_MIRROR, or $sdk"
  elif ! may_enter_by unshare 2>/dev/null && command -v bwrap >/dev/null && ! may_enter_by bwrap 2>/dev/null; then
    echo "give this container CAP_SYS_ADMIN, or $sdk"
  fi
}
