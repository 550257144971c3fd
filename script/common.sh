# shellcheck shell=bash
# What the scripts of this folder share; they source it first. Leaves them in the repository's root.

this_script=$(realpath "$0")
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

# Progress goes to standard error, so that what a script prints can be read by another.
say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# The first comment of the script, as its help.
show_help() { awk 'NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "$this_script"; }

# What is downloaded once and kept. User postgres must be able to enter it, which root's home does not allow.
cache_folder() {
  if [[ $(id -u) == 0 ]]; then echo /var/cache/pgvigil; else echo "${XDG_CACHE_HOME:-$HOME/.cache}/pgvigil"; fi
}
servers_folder() { echo "$(cache_folder)/servers"; }

# The folder of Debian's newest PostgreSQL programs.
postgres_programs() { printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1; }
