# shellcheck shell=bash disable=SC2154 # the pins are in toolchain.sh, the cache's variables in cache.sh
# What is asked of the machine: its system packages, its Debian mirror, a usable python3.

export DEBIAN_FRONTEND=noninteractive

can_install_packages() { ((EUID == 0)) && command -v apt-get >/dev/null; }

# install_system_packages PACKAGE...: for commands that were found missing.
install_system_packages() {
  can_install_packages ||
    fail "the system packages $* are missing" "install them as root (Debian: apt-get install $*), then run this again"
  step "system packages: $*" "run 'apt-get update && apt-get install $*' and mend what it reports" apt_install "$@"
}

# The lists are fetched only when the packages are unknown or gone: where they are known, the mirror may be slow.
apt_install() {
  local lock install=(apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@")
  exec {lock}>"$cache/locks/apt"
  flock "$lock"
  "${install[@]}" || { apt-get update && "${install[@]}"; } || return
  exec {lock}>&-
}

# debian_mirror: prints the mirror of the machine's own release. apt is asked, so both formats of its sources do;
# without the release's information it tells of sources whose lists were never fetched, too.
debian_mirror() {
  # shellcheck disable=SC2016 # apt fills these in
  local uri release component format='$(REPO_URI) $(RELEASE) $(COMPONENT)'
  if [[ -n ${NUMLOOM_DEBIAN_MIRROR:-} ]]; then
    echo "$NUMLOOM_DEBIAN_MIRROR"
    return
  fi
  command -v apt-get >/dev/null || return
  while read -r uri release component; do
    [[ $component == main ]] || continue
    case $release in "$(debian_codename)" | stable | testing | unstable | sid) ;; *) continue ;; esac
    # Cloud images list their mirrors in a file of its own.
    if [[ $uri == mirror+file:* ]]; then read -r uri _ <"${uri#mirror+file:}"; fi
    echo "$uri"
    return
  done < <(apt-get indextargets --no-release-info --format "$format" 'Created-By: Packages')
  return 1
}

debian_codename() (
  # shellcheck source=/dev/null
  source /etc/os-release
  [[ ${ID:-} == debian ]] && echo "${VERSION_CODENAME:-}"
)

# use_apt_proxy: hands apt's proxy on to programs that know only the environment's.
use_apt_proxy() {
  local http='' https=''
  eval "$(apt-config shell http Acquire::http::Proxy https Acquire::https::Proxy)"
  if [[ -n $http ]]; then export http_proxy=$http; fi
  if [[ -n $https ]]; then export https_proxy=$https; fi
}

# usable_python: prints the first python3 that is recent enough and can make virtual environments.
usable_python() {
  local python
  for python in python3 /usr/bin/python3; do
    if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
      command -v "$python"
      return
    fi
  done
  return 1
}
