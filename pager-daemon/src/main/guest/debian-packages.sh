# To be sourced by bash scripts: Debian packages, downloaded and unpacked beside the system, never installed.
#
# Mirror and keyring are those of the machine's own apt configuration; state, package lists and archives are kept in
# the cache directory. Root is not needed. Sets `cache`.

cache=${FARPAGE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/farpage}

die() {
  echo "$(basename "$0"): $*" >&2
  exit 1
}

need() { # need COMMAND PACKAGE...: each command, or say which package has it
  while [ $# -gt 0 ]; do
    command -v "$1" >/dev/null || die "'$1' is missing (Debian package: $2)"
    shift 2
  done
}

# Fills in the private apt configuration, once a day the package lists too. Sets `codename`.
prepare_apt() {
  need apt-get apt dpkg-deb dpkg flock util-linux
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  [ -n "$codename" ] || die "/etc/os-release names no Debian release"
  apt_home=$cache/apt
  mkdir -p "$apt_home"/{lists/partial,archives/partial}

  local uri entry keyring=
  # Before the first `apt-get update` the origin is not known, and stays as it is in the format.
  read -r uri entry < <(apt-get indextargets --format '$(REPO_URI) $(SOURCESENTRY) $(RELEASE) $(ORIGIN)' \
    "Identifier: Packages" "Component: main" |
    awk -v c="$codename" '$3 == c && ($4 == "Debian" || /ORIGIN/) && !uri { uri = $1; print $1, $2 }') || true
  [ -n "${uri:-}" ] || die "apt on this machine knows no source for $codename"
  local file=${entry%:*}
  if [ -r "$file" ]; then
    keyring=$(sed -n 's/^Signed-By: *\(\/[^ ]*\).*/\1/p; s/^deb.*signed-by=\([^] ]*\).*/\1/p' "$file" | head -n 1)
  fi
  local suite lock
  exec {lock}>"$apt_home/lock" # one at a time
  flock "$lock"
  for suite in "$codename" "$codename-updates" "$codename-backports"; do
    echo "deb ${keyring:+[signed-by=$keyring] }$uri $suite main"
  done >"$apt_home/sources.list"

  if [ -z "$(find "$apt_home/lists" -name '*backports*Packages*' -mtime -1)" ]; then
    private_apt update >&2 || die "cannot get the package lists of $uri"
  fi
  exec {lock}>&-
}

private_apt() { # private_apt COMMAND...: apt-get, or what APT_TOOL names, with the private configuration
  local options=(-qq
    -o "Dir::Etc::sourcelist=$apt_home/sources.list" -o Dir::Etc::sourceparts=-
    -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null
    -o "Dir::State::lists=$apt_home/lists" -o "Dir::Cache=$apt_home"
    -o "Dir::Cache::archives=$apt_home/archives" -o Dir::State::status=/var/lib/dpkg/status
    -o Debug::NoLocking=true -o Acquire::Retries=3)
  if [ "$(id -u)" = 0 ]; then
    options+=(-o APT::Sandbox::User=root)
  fi
  "${APT_TOOL:-apt-get}" "${options[@]}" "$@"
}

# unpack DIRECTORY PACKAGE...: downloads and unpacks
unpack() {
  local directory=$1 archives
  shift
  archives=$(mktemp -d "$cache/download.XXXXXX")
  (cd "$archives" && private_apt download "$@" >&2) || {
    rm -r "$archives"
    die "cannot download $*"
  }
  local archive
  for archive in "$archives"/*.deb; do
    dpkg-deb -x "$archive" "$directory"
  done
  rm -r "$archives"
}
