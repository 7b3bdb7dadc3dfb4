# shellcheck shell=bash
# How a piece gets into the cache folder: made in a scratch folder under a lock, renamed into place, stamped last. So a
# piece with a fitting stamp is whole, whatever was killed on the way and however many runs there were at once.

cache=${NUMLOOM_CACHE:-${XDG_CACHE_HOME:-${HOME:?HOME is not set: set NUMLOOM_CACHE}/.cache}/numloom}
[[ $cache == /* ]] || cache=$PWD/$cache

# Messages are matched and shown, and a locale that a chroot lacks makes perl complain.
export LC_ALL=C.UTF-8
unset LANGUAGE

log=/dev/null
scratch=

# is_in_place PIECE KEY FILE...: the stamp holds exactly KEY, and the files are there.
is_in_place() {
  local stamp=$cache/stamps/$1 key=$2 file
  shift 2
  [[ -f $stamp && $(<"$stamp") == "$key" ]] || return 1
  for file; do [[ -x $file ]] || return 1; done
}

# provide PIECE BUILDER KEY FILE...: unless the piece is in place, calls BUILDER, which sees $piece and $scratch. The
# cache's path is part of the key, since wrappers and virtual environments hold it: a cache that was moved is mended.
provide() {
  local piece=$1 builder=$2 key="$3 in $cache" lock
  shift 3
  if is_in_place "$piece" "$key" "$@"; then return; fi
  mkdir -p "$cache"/{bin,locks,logs,stamps,tmp}
  exec {lock}>"$cache/locks/$piece"
  if ! flock --nonblock "$lock"; then
    echo "  waiting for another set-up of $piece" >&2
    flock "$lock"
  fi
  if ! is_in_place "$piece" "$key" "$@"; then
    rm -f "$cache/stamps/$piece"
    log=$cache/logs/$piece.log
    : >"$log"
    remove_leftovers "$piece"
    scratch=$cache/tmp/$piece.$$
    mkdir "$scratch"
    trap 'remove_tree "$scratch"' EXIT
    "$builder"
    remove_tree "$scratch"
    trap - EXIT
    write_file "$cache/stamps/$piece" "$key"
  fi
  exec {lock}>&-
}

# The lock is inherited by every child, so while one of a killed run still writes to a leftover, this is not reached.
remove_leftovers() {
  local folder
  for folder in "$cache/tmp/$1".*; do remove_tree "$folder"; done
}

# remove_tree FOLDER: never through a mount, as the leftovers of a killed debootstrap can contain some.
remove_tree() {
  local folder point points=()
  [[ -e $1 ]] || return 0
  folder=$(realpath "$1")
  while read -r _ _ _ _ point _; do
    printf -v point %b "$point"
    [[ $point == "$folder"/* ]] && points=("$point" "${points[@]}")
  done </proc/self/mountinfo
  for point in "${points[@]}"; do
    umount "$point" || fail "$point is mounted and cannot be unmounted" "umount '$point' as root, then run this again"
  done
  rm -rf --one-file-system -- "$folder"
}

# move_into_place NEW FINAL: what was at FINAL goes to the scratch folder.
move_into_place() {
  if [[ -e $2 || -L $2 ]]; then mv -T "$2" "$scratch/replaced"; fi
  mv -T "$1" "$2"
}

# write_file FILE TEXT [MODE]: whole or not at all.
write_file() {
  printf '%s\n' "$2" >"$1.$$"
  chmod "${3:-644}" "$1.$$"
  mv -f "$1.$$" "$1"
}

# step TITLE NEXT COMMAND...: one line of progress; a failure shows the command, the end of its output, and NEXT, the
# one thing that the user can do about it.
step() {
  local title=$1 next=$2 started=$SECONDS before status=0
  shift 2
  printf '  %s ... ' "$title" >&2
  printf '\n== %s\n$%s\n' "$title" "$(printf ' %q' "$@")" >>"$log"
  before=$(wc -c <"$log")
  "$@" </dev/null >>"$log" 2>&1 || status=$?
  if ((status == 0)); then
    printf '%d s\n' $((SECONDS - started)) >&2
    return
  fi
  printf 'failed (exit %d)\n' "$status" >&2
  printf '    command:%s\n    the end of its output (all of it: %s):\n' "$(printf ' %q' "$@")" "$log" >&2
  tail -c "+$((before + 1))" "$log" | tail -n 15 | sed 's/^/    | /' >&2
  fail "$title failed" "$next"
}

# fail WHAT NEXT
fail() {
  printf 'tools/toolchain.sh: %s\n  next: %s\n' "$1" "$2" >&2
  exit 1
}
