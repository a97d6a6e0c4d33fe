#!/usr/bin/env bash
# Makes .venv ready: finds a Python, installs requirements.txt when it changed, and OpenBLAS where it can.
# Cheap when there is nothing to do. Runs in bash 3.2 (macOS).
set -euo pipefail
cd "$(dirname "$0")/.."
unset VIRTUAL_ENV PYTHONPATH PYTHONHOME PYTHONSTARTUP PIP_USER PIP_TARGET PIP_PREFIX
export PYTHONUNBUFFERED=1 PIP_DISABLE_PIP_VERSION_CHECK=1

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 2; }

as_root_with_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }
apt_install() {
  say "installing $1 with apt"
  apt-get update -qq >/dev/null 2>&1 && DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "$1" >/dev/null 2>&1
}

# MLX has wheels for 3.11 to 3.14, and on a Mac for arm64 only: a Python under Rosetta can't use them.
suits() {
  "$1" -c 'import platform, sys
ok = (3, 11) <= sys.version_info[:2] <= (3, 14)
sys.exit(not ok or (sys.platform == "darwin" and platform.machine() != "arm64"))' >/dev/null 2>&1
}

find_python() {
  local name
  for name in python3.14 python3.13 python3.12 python3.11 python3 python; do
    if command -v "$name" >/dev/null && suits "$name"; then
      if [ "${1:-}" = any ] || "$name" -c 'import venv, ensurepip' 2>/dev/null; then
        command -v "$name"
        return
      fi
    fi
  done
  return 1
}

make_venv() {
  local python bare
  rm -rf .venv
  if python=$(find_python); then
    say "creating .venv with $python"
    "$python" -m venv .venv
  elif command -v uv >/dev/null; then
    say "creating .venv with Python 3.12 from uv"
    uv venv --quiet --seed --python 3.12 .venv
  elif bare=$(find_python any); then  # Debian leaves ensurepip out of python3
    local package
    package="python$("$bare" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    as_root_with_apt && apt_install "$package" || die "$bare can't make virtual environments (apt-get install $package)"
    "$bare" -m venv .venv
  else
    die "no Python 3.11 to 3.14 found (install one: brew install python@3.12, apt-get install python3-venv, or uv: https://docs.astral.sh/uv)"
  fi
}

install_requirements() {
  local line
  say "installing what requirements.txt names (half a gigabyte; a minute or more the first time)"
  .venv/bin/python -m pip install --progress-bar off -r requirements.txt |
    while IFS= read -r line; do
      case $line in
        Collecting*) line=${line#Collecting }; say "  ${line%% (from*}" ;;
        "Installing collected packages"*) say "  unpacking" ;;
      esac
    done
  cp requirements.txt .venv/requirements.installed
}

has_openblas() { .venv/bin/python -c 'import ctypes; ctypes.CDLL("libopenblas.so.0")' 2>/dev/null; }

# The Linux wheel of MLX links reference BLAS, some 20 times slower. Without OpenBLAS everything works, slowly.
openblas() {
  if [ "$(uname -s)" != Linux ] || has_openblas; then return; fi
  if as_root_with_apt && [ ! -e .venv/openblas.failed ]; then
    if apt_install libopenblas0-pthread && has_openblas; then return; fi
    touch .venv/openblas.failed # asked once; the hint is enough from then on
  fi
  say "hint: OpenBLAS is missing, so the night takes many times longer: sudo apt-get install libopenblas0-pthread"
}

if ! { [ -x .venv/bin/python ] && suits .venv/bin/python; }; then make_venv; fi
if ! cmp -s requirements.txt .venv/requirements.installed; then
  .venv/bin/python -m pip --version >/dev/null 2>&1 || make_venv # one that was interrupted
  install_requirements
fi
openblas
