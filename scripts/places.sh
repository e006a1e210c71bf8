# shellcheck shell=bash
# shellcheck disable=SC2034
# Sourced by the other scripts: where things are, and the few words that they share.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/traffic

bun_version=$(sed -n 's/.*"packageManager": *"bun@\([0-9.]*\)".*/\1/p' "$root/package.json")
bun_folder=$cache/bun-$bun_version
k6_version=$(sed -n 's/.*go\.k6\.io\/k6\/v2 v\([0-9.]*\).*/\1/p' "$root/scripts/k6/go.mod" | head -n 1)
k6_cached=$cache/k6-v$k6_version/k6
k6_log=$cache/k6-build.log
go_version=1.26.6
hadolint_version=2.15.1
hadolint_folder=$cache/hadolint-$hadolint_version

# Only this Bun is used, whatever else PATH holds.
PATH=$bun_folder/node_modules/.bin:$PATH
export PATH

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "$*"
  exit 69
}

has() { command -v "$1" >/dev/null 2>&1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif has sudo && [ -t 0 ]; then
    sudo "$@"
  elif has sudo; then
    sudo -n "$@"
  else
    fail "This needs root or sudo: $*"
  fi
}

install_packages() {
  has apt-get || fail "There is no apt-get here. Please install these yourself: $*"
  say "Installing $*"
  as_root "$root/scripts/apt-install" "$@"
}

postgres_is_here() {
  has postgres || compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null ||
    compgen -G '/opt/homebrew/opt/postgresql@*/bin/postgres' >/dev/null ||
    compgen -G '/usr/local/opt/postgresql@*/bin/postgres' >/dev/null
}
