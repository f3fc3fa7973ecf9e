# What the scripts share: talking to the user, a SHA-256 that works on Linux and
# macOS, running as root where that is allowed. It is sourced, never run.
# shellcheck shell=bash

# say prints a line of progress. It goes to stderr: stdout is for results.
say() { printf '%s\n' "$*" >&2; }

# die ends the script with one clear line.
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# have tells whether a command exists.
have() { command -v "$1" >/dev/null 2>&1; }

# sha256 prints the SHA-256 of a file in hex, and nothing where there is no file.
sha256() {
  [ -f "$1" ] || return 0
  if have sha256sum; then
    sha256sum "$1" | cut -d ' ' -f 1
  else
    shasum -a 256 "$1" | cut -d ' ' -f 1
  fi
}

# as_root runs a command as root without ever asking for a password, and fails
# where that cannot be done.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif have sudo && sudo -n true 2>/dev/null; then
    sudo -n "$@"
  else
    return 1
  fi
}
