# shellcheck shell=bash disable=SC2154 # the pins are in toolchain.sh, the cache's variables in cache.sh
# Emscripten: $cache/bin/emcc and em++. They run the one that EMSDK or PATH offers if it is recent enough, else one
# that is made here, since Debian's stable release has an old one and the SDK comes from no package registry: a small
# Debian root of a later suite, entered at each call in a mount namespace of its own.

provide_emscripten() {
  local external debian="debian $emscripten_suite recipe $emscripten_recipe" wrappers=("$cache"/bin/{emcc,em++})
  if external=$(external_emcc); then
    provide emscripten wrap_external "external $external" "${wrappers[@]}"
  else
    provide emscripten wrap_debian "$debian" "${wrappers[@]}" "$cache/emscripten/root/usr/bin/emcc"
  fi
}

# external_emcc: prints the first emcc of EMSDK and PATH that is recent enough, and its version.
external_emcc() {
  local emcc version
  while read -r emcc; do
    [[ -x $emcc && $emcc != "$cache"/* ]] || continue
    version=$(emcc_version "$emcc")
    ((${version%%.*} >= emscripten_least_major)) || continue
    echo "$emcc $version"
    return
  done < <(
    if [[ -n ${EMSDK:-} ]]; then echo "$EMSDK/upstream/emscripten/emcc"; fi
    type -aP emcc
  )
  return 1
}

# emcc_version EMCC: read from the file beside the real script where there is one, since emcc takes 0.5 s to tell.
emcc_version() {
  local real version=
  real=$(readlink -f "$1")
  if [[ -f ${real%/*}/emscripten-version.txt ]]; then
    version=$(<"${real%/*}/emscripten-version.txt")
  else
    version=$("$1" --version 2>/dev/null | sed -n '1s/.* \([0-9][0-9.]*\).*/\1/p') || true
  fi
  version=${version//\"/}
  [[ $version =~ ^[0-9]+\. ]] || version=0
  echo "$version"
}

wrap_external() {
  local external tool
  external=$(external_emcc)
  external=${external% *}
  for tool in emcc em++; do
    write_file "$scratch/$tool" "#!/bin/sh
exec $(sh_quoted "${external%emcc}$tool") \"\$@\"" 755
  done
  warm_up "see that $external can link a program, or unset EMSDK and take it out of PATH"
  mv -f "$scratch"/{emcc,em++} "$cache/bin/"
}

wrap_debian() {
  local home=$cache/emscripten recipe="$emscripten_suite $emscripten_recipe $HOSTTYPE" entry
  [[ $cache/ != /usr/* && $cache/ != /etc/* ]] ||
    fail "the cache folder $cache is hidden from Emscripten" "set NUMLOOM_CACHE to a folder outside /usr and /etc"
  choose_entry
  if [[ ! -f $home/recipe || $(<"$home/recipe") != "$recipe" ]]; then
    build_root "$scratch/emscripten/root"
    write_wrappers "$scratch" "$scratch/emscripten"
    warm_up "report the output above"
    write_file "$scratch/emscripten/recipe" "$recipe"
    move_into_place "$scratch/emscripten" "$home"
  fi
  write_wrappers "$cache/bin" "$home"
  step "em++ starts" "remove $home, then run this again" "$cache/bin/em++" --version
}

# choose_entry: how to enter the root: $entry is unshare, which every Debian has, or bwrap, which may be permitted where
# that is not. Asked before anything is downloaded.
choose_entry() {
  for entry in unshare bwrap; do
    if [[ $entry == bwrap ]] && ! command -v bwrap >/dev/null; then install_system_packages bubblewrap; fi
    if may_enter_by "$entry" 2>>"$log"; then return; fi
  done
  fail "neither unshare nor bwrap may make a mount namespace here (see $log)" \
    "install the Emscripten SDK ($emscripten_least_major or later) and set EMSDK, or give this container CAP_SYS_ADMIN"
}

may_enter_by() {
  case $1 in
    unshare) unshare --mount mount --rbind /etc /etc ;;
    bwrap) bwrap --dev-bind / / --dev-bind /etc /etc true ;;
  esac
}

# build_root ROOT
build_root() {
  local root=$1 mirror private=()
  mirror=$(debian_mirror) ||
    fail "found no Debian mirror in apt's sources" \
      "set NUMLOOM_DEBIAN_MIRROR, or install the Emscripten SDK ($emscripten_least_major or later) and set EMSDK"
  ((EUID == 0)) || fail "making the Debian root that holds Emscripten needs root" \
    "install the Emscripten SDK ($emscripten_least_major or later) and set EMSDK, or run this as root"
  command -v debootstrap >/dev/null || install_system_packages debootstrap
  use_apt_proxy
  # What debootstrap mounts in the root then ends with it, even if it is killed.
  if [[ $entry == unshare ]]; then private=(unshare --mount); fi
  mkdir -p "$root"
  # This debootstrap may be older than the suite, and have no script of its name.
  step "debian $emscripten_suite" "see that the Debian mirror $mirror answers and has the suite $emscripten_suite" \
    showing_log "$root/debootstrap/debootstrap.log" "${private[@]}" \
    debootstrap --variant=minbase "$emscripten_suite" "$root" "$mirror" /usr/share/debootstrap/scripts/sid
  if [[ $mirror == https:* ]]; then
    install -D /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
  fi
  # A mirror may be some weeks old, and apt installs nothing from lists that have run out.
  step "package lists" "see that the Debian mirror $mirror answers" \
    chroot "$root" apt-get -o Acquire::Check-Valid-Until=false update
  step "emscripten" "run this again: the mirror may have changed in between" \
    chroot "$root" apt-get install -y --no-install-recommends emscripten
  rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
}

# showing_log FILE COMMAND...: for a command that on failure only names a log, which would go with the scratch folder.
showing_log() { "${@:2}" || { tail -n 12 "$1" && return 1; }; }

# warm_up NEXT: links a program with and without threads, so that a later build finds Emscripten's system libraries
# made, and that what is put into place is known to work.
warm_up() {
  printf '%s\n' '#include <cstdio>' '#include <cmath>' '#include <vector>' '#include <thread>' \
    'int main(int n, char**) { std::vector<double> v(n, 1.5); std::printf("%g\n", std::sin(v[0])); }' \
    >"$scratch/trial.cpp"
  step "libraries with threads" "$1" \
    "$scratch/em++" -O3 -msimd128 -pthread "$scratch/trial.cpp" -o "$scratch/trial.js"
  step "libraries without threads" "$1" "$scratch/em++" -O3 -msimd128 "$scratch/trial.cpp" -o "$scratch/trial.js"
  step "the trial runs" "$1" node "$scratch/trial.js"
}

# write_wrappers FOLDER HOME: emcc and em++ in FOLDER, for the root and the library cache in HOME.
write_wrappers() {
  local tool
  for tool in emcc em++; do write_file "$1/$tool" "$(wrapper_text "$tool" "$2")" 755; done
}

# The root's /usr and /etc stand in for the machine's; every other folder is the machine's own, so a project and its
# temporary files are seen wherever they are. The mounts exist in the namespace of that one process only: nothing that
# clears the cache can meet them.
wrapper_text() {
  local tool=$1 home=$2
  cat <<END
#!/bin/sh
# $tool from a Debian root, written by tools/toolchain.sh. It sees the whole machine but for /usr and /etc, which are
# the root's (/usr/local and /usr/src are the machine's).
root=$(sh_quoted "$home/root")
export EM_CACHE=$(sh_quoted "$home/libraries")
export EM_CONFIG=/usr/share/emscripten/.emscripten
# Each of these would lead to programs or libraries of the machine.
unset EMSDK EMSDK_PYTHON EMSDK_NODE EM_LLVM_ROOT EM_BINARYEN_ROOT EM_NODE_JS _EMCC_CCACHE
unset NODE_OPTIONS NODE_PATH LD_PRELOAD LD_LIBRARY_PATH
END
  case $entry in
    unshare)
      cat <<END
exec unshare --mount /bin/sh -c '
  root=\$1 && shift &&
  mount --rbind /usr/local "\$root/usr/local" && mount --rbind /usr/src "\$root/usr/src" &&
  mount --rbind "\$root/etc" /etc && mount --rbind "\$root/usr" /usr || exit
  cd "\$(pwd -P)" || { echo "$tool: no folder in /usr and /etc is visible here" >&2; exit 1; }
  PATH=/usr/bin:/bin exec $tool "\$@"' $tool "\$root" "\$@"
END
      ;;
    bwrap)
      cat <<END
exec bwrap --dev-bind / / --dev-bind "\$root/usr" /usr --dev-bind "\$root/etc" /etc \\
  --dev-bind /usr/local /usr/local --dev-bind /usr/src /usr/src \\
  --chdir "\$(pwd -P)" --setenv PATH /usr/bin:/bin $tool "\$@"
END
      ;;
  esac
}

sh_quoted() { printf "'%s'" "${1//\'/\'\\\'\'}"; }
