#!/usr/bin/env bash
# Looks for what requirements.txt lists, and gets what is missing.
#
#   setup.sh doctor        one line for each requirement; status 1 if one is missing or too old
#   setup.sh install [SET] installs what is missing with this system's package manager, that set's requirements as well
#   setup.sh record FILE   installs what is missing, then writes FILE, a makefile with what was found
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
columns='requirement least apt dnf pacman reason'

# Calls $1 for each line of the list that belongs to one of $sets, its columns in the variables named above, and in $for the
# command that installs the set (empty: every command).
for_each_requirement() {
  local $columns set=needed for=
  while IFS='|' read -r $columns; do
    [[ $requirement =~ ^[[:space:]]*(#|$) ]] && continue
    [[ $requirement =~ ^\[(.*)\]\ (.*) ]] && { set=${BASH_REMATCH[1]} for=${BASH_REMATCH[2]}; continue; }
    [[ $sets == all || " $sets " == *" $set "* ]] || continue
    trim $columns
    "$1"
  done <"$here/requirements.txt"
}

trim() {
  local name
  for name; do
    local -n value=$name
    value="${value#"${value%%[![:space:]]*}"}"
    value="${value%"${value##*[![:space:]]}"}"
  done
}

# The Python to use: the caller's, else the first that has pytest, else any (before anything is installed).
choose_python() {
  local candidate
  [[ -z ${PYTHON:-} ]] || return 0
  for candidate in python3 /usr/bin/python3; do
    if $candidate -c 'import importlib.util, sys; sys.exit(not importlib.util.find_spec("pytest"))' 2>/dev/null; then
      PYTHON=$candidate
      return
    fi
  done
  PYTHON=/usr/bin/python3
}

# The name under which this system has the program $1: itself, or with a version appended (g++-12), or gdb that knows RISC-V.
program() {
  local candidate
  for candidate in "$1" "$1-14" "$1-13" "$1-12"; do
    command -v "$candidate" >/dev/null && new_enough "$(version "$candidate")" "$least" && { echo "$candidate"; return; }
  done
  if [[ $1 == gdb-multiarch ]]; then
    for candidate in riscv64-linux-gnu-gdb gdb; do
      "$candidate" -batch -ex 'set architecture riscv:rv64' >/dev/null 2>&1 && { echo "$candidate"; return; }
    done
  fi
  command -v "$1" >/dev/null && echo "$1"
}

version() {
  case $1 in
    *g++*) "$1" -dumpfullversion ;;
    *) "$1" --version 2>/dev/null | head -n 1 | grep -oE '[0-9]+(\.[0-9]+)+' | sed -n 1p ;;
  esac || true
}

new_enough() { [[ -z $2 ]] || [[ $(printf '%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]; }

# Sets found to what is there (empty: nothing), place to its path, and verdict to ok, old or missing.
probe() {
  found= place= verdict=missing
  case $requirement in
    python:*) found=$($PYTHON -c "import importlib.metadata as m, ${requirement#*:}
try: print(m.version({'xdist': 'pytest-xdist'}.get('${requirement#*:}', '${requirement#*:}')))
except m.PackageNotFoundError: print('found')" 2>/dev/null) || true ;;
    header:*) probe_header "${requirement#*:}" ;;
    file:*) probe_file "${requirement#*:}" ;;
    python3) place=$(command -v "$PYTHON") && found=$(version "$PYTHON") || true ;;
    *) place=$(program "$requirement") && found=$(version "$place") && place=$(command -v "$place") || true
       [[ -z $place || -n $found ]] || found=found ;;
  esac
  [[ $requirement != riscv64-linux-gnu-g++ || -z $place ]] || has_static_library "$place" || found=
  [[ -n $found ]] || return 0
  verdict=old
  [[ $found == found ]] || new_enough "$found" "$least" || return 0
  verdict=ok
}

probe_header() {
  place=/usr/include/$1
  [[ -e $place ]] || { place=; return 0; }
  found=$(dpkg-query -W -f '${Version}' "$apt" 2>/dev/null || rpm -q --qf '%{VERSION}' "$dnf" 2>/dev/null || echo found)
}

probe_file() {
  local path
  for path in ${1//,/ }; do
    [[ -e $path ]] && { place=$path found=found; return; }
  done
  return 0
}

# A cross compiler without its C library (as Fedora packages it) builds the kernel but no user program.
has_static_library() { [[ $("$1" -print-file-name=libc.a) == /* ]]; }

package_manager() {
  local manager
  for manager in apt-get dnf pacman; do
    command -v $manager >/dev/null && { echo "${manager%-get}"; return; }
  done
  echo none
}

doctor_line() {
  local found place verdict name=$requirement advice
  [[ $name != file:* ]] || name=$apt
  local -n package=$manager_column
  probe
  advice="${for:-make setup} installs the package $package"
  [[ $package != - ]] || advice="not packaged here: use the container in .devcontainer"
  [[ $verdict != old ]] || advice="version $found is too old; a package of version $least or newer, or the container in .devcontainer"
  [[ $verdict != old || $requirement != *g++ ]] || advice="version $found is too old; install ${apt/g++/g++-12} (Ubuntu 22.04 has it)"
  case $verdict in
    ok) printf 'ok       %-26s %-12s %s\n' "${name##*/}" "$found" "$reason" ;;
    *) printf '%-8s %-26s %-12s %s; %s\n' "$verdict" "${name##*/}" "${least:+>= $least}" "$reason" "$advice"
       [[ $for ]] || bad=1 ;;
  esac
}

doctor() {
  bad=0
  for_each_requirement doctor_line
  return $bad
}

note_missing() {
  local found place verdict
  local -n package=$manager_column
  probe
  [[ $verdict != ok ]] || return 0
  missing+=("$requirement")
  # Where the default compiler is too old, its numbered package is newer.
  [[ $verdict == old && $requirement == *g++ && $manager_column == apt ]] && packages+=("${apt/g++/g++-12}") && return
  [[ $package == - ]] && unpackaged+=("$requirement") || packages+=("$package")
}

collect_missing() {
  missing=() packages=() unpackaged=()
  for_each_requirement note_missing
}

fail() {
  echo "setup: $*" >&2
  exit 1
}

as_root() {
  if [[ $(id -u) == 0 ]]; then "$@"; else
    command -v sudo >/dev/null || fail "root is needed to install $package_words: run as root: ${*}"
    sudo "$@"
  fi
}

# Two trees may ask at once, and a package manager serves one: the others wait, and then find that all is there.
wait_for_others() {
  if command -v flock >/dev/null; then
    exec 9<"$(command -v "$1")"
    flock 9
  fi
}

install() {
  collect_missing
  [[ ${#missing[@]} -gt 0 ]] || return 0
  [[ $manager == none ]] || wait_for_others "${manager/#apt/apt-get}"
  collect_missing
  [[ ${#missing[@]} -gt 0 ]] || return 0
  [[ $manager != none ]] || fail "missing ${missing[*]}, and no apt, dnf or pacman here: use the container in .devcontainer"
  [[ ${#unpackaged[@]} == 0 ]] || fail "no $manager package for ${unpackaged[*]}: use the container in .devcontainer"
  local yes=() package_words=${packages[*]}
  echo "setup: installing $package_words" >&2
  case $manager in
    apt)
      [[ -t 0 ]] || yes=(-qq -y)
      as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update >&2 || fail "apt-get update failed (missing: ${missing[*]})"
      as_root env DEBIAN_FRONTEND=noninteractive apt-get "${yes[@]}" -o Dpkg::Use-Pty=0 install --no-install-recommends \
        "${packages[@]}" >&2 || fail "apt-get could not install $package_words" ;;
    dnf)
      [[ -t 0 ]] || yes=(-y)
      as_root dnf "${yes[@]}" install "${packages[@]}" >&2 || fail "dnf could not install $package_words" ;;
    pacman)
      [[ -t 0 ]] || yes=(--noconfirm)
      as_root pacman "${yes[@]}" -S --needed "${packages[@]}" >&2 || fail "pacman could not install $package_words" ;;
  esac
  hash -r
  [[ $PYTHON_GIVEN ]] || { PYTHON=; choose_python; }
  collect_missing
  [[ ${#missing[@]} == 0 ]] || fail "still missing or too old: ${missing[*]} (make doctor says more)"
}

record_line() {
  local found place verdict
  probe
  places+=" $place"
  case $requirement in
    g++) echo "HOST_CXX ?= ${place##*/}" ;;
    riscv64-linux-gnu-g++) echo "CROSS_CXX ?= ${place##*/}" ;;
    gdb-multiarch) echo "GDB ?= ${place##*/}" ;;
  esac
}

record() {
  local places= new=$1.$$ # two makes may be at it at once
  for_each_requirement record_line >"$new"
  echo "PYTHON ?= $PYTHON" >>"$new"
  echo "REQUIREMENT_PLACES :=$places" >>"$new"
  mv "$new" "$1"
}

PYTHON_GIVEN=${PYTHON:-}
choose_python
manager=$(package_manager)
manager_column=${manager/none/apt}
sets=needed
case ${1:-} in
  doctor) sets=all; doctor ;;
  install)
    sets="needed ${2:-}"
    install && doctor ;;
  record)
    [[ $# == 2 ]] || fail "record: which file?"
    mkdir -p "$(dirname "$2")"
    install
    record "$2" ;;
  *) sed -n '2,6p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
