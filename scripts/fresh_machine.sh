#!/usr/bin/env bash
# Runs the demo as a new user does, on a bare Debian 12: scripts/fresh_machine.sh [PACKAGE...]
#
# The system is made in build/fresh/ from the packages that this machine's own apt finds. PACKAGEs are
# installed in it, a clone of the last commit is put where this folder is, and scripts/demo.sh --quick
# runs there. Packages and ccache's results are kept for the next time, the system is not.
# Exits with 77 and says why where this machine cannot do that.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

project=$PWD
folder=$project/build/fresh
root=$folder/root           # the system, while it runs
base=$folder/debian.tar     # and as it was made, for a week
packages=$folder/packages
case "${1:-}" in
  -*)
    sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac

say() { echo "fresh: $* ($SECONDS s so far)"; }
skip() {
  echo "fresh: not possible here: $*"
  exit 77
}

# Mounts and processes live in a namespace and end with it, however this script ends.
namespace=(unshare --mount --pid --fork --kill-child)
if [ "$(id -u)" != 0 ]; then
  namespace+=(--user --map-root-user --map-auto)
fi
for program in mmdebstrap unshare git ccache; do
  command -v "$program" >/dev/null || skip "$program is missing: scripts/setup.sh --with-tests"
done
"${namespace[@]}" mount -t proc proc /proc 2>/dev/null || skip "namespaces or mounts are not allowed"

mkdir -p "$folder" "$packages"
exec {lock}>"$folder/lock"
flock -n "$lock" || {
  echo "fresh: another run works in $folder" >&2
  exit 1
}

running=
finish() {
  if [ -n "$running" ]; then
    kill -KILL "$running" 2>/dev/null || true
    wait "$running" 2>/dev/null || true
  fi
  "${namespace[@]}" rm -rf "$root" || { sleep 2; "${namespace[@]}" rm -rf "$root"; }
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Where this machine gets Debian 12 from. What apt does not know yet stays "$(NAME)".
apt-get indextargets 'Created-By: Packages' \
  --format '$(ORIGIN)|$(REPO_URI)|$(CODENAME)|$(RELEASE)|$(COMPONENT)' |
  awk -F'|' '
    { suite = $3 ~ /^\$/ ? $4 : $3 }
    $1 ~ /^(Debian|\$.*)$/ && suite ~ /^bookworm(-updates|-security)?$/ && $5 == "main" {
      print "deb", $2, suite, $5
    }' | sort -u >"$folder/new_sources.list"
grep -q ' bookworm ' "$folder/new_sources.list" || skip "apt has no source of Debian 12 (bookworm)"

# How it reaches them: proxies, retries, checks; not what it fetches for this machine's other uses.
{
  apt-config dump Acquire | grep -v -e ' "";$' -e '::IndexTargets::' -e '::Changelogs::' \
    -e '::Proxy-Auto-Detect '
  echo 'APT::Sandbox::User "root";'  # so that no other user owns what is kept
} >"$folder/new_apt.conf"
extra=()
if grep -q ' https:' "$folder/new_sources.list"; then
  extra=(--include=ca-certificates)
fi

if ! cmp -s "$folder/new_sources.list" "$folder/sources.list" ||
    ! cmp -s "$folder/new_apt.conf" "$folder/apt.conf" ||
    [ -z "$(find "$base" -mtime -7 2>/dev/null)" ]; then
  rm -f "$base"
  "${namespace[@]}" mmdebstrap --quiet --variant=minbase --skip=check/signed-by "${extra[@]}" \
    --aptopt="$folder/new_apt.conf" --dpkgopt=force-unsafe-io \
    bookworm "$folder/new.tar" "$folder/new_sources.list" </dev/null >"$folder/debian.log" 2>&1 || {
    tail -n 20 "$folder/debian.log"
    skip "apt could not fetch a bare Debian 12"
  }
  mv "$folder/new.tar" "$base"
  mv "$folder/new_sources.list" "$folder/sources.list"
  mv "$folder/new_apt.conf" "$folder/apt.conf"
  say "a bare Debian 12 is made"
fi

"${namespace[@]}" rm -rf "$root"
mkdir "$root"
"${namespace[@]}" tar -xf "$base" -C "$root" --exclude './dev/*'
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
if [ ${#extra[@]} -gt 0 ]; then
  cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"  # of this machine's own network
fi
# This folder's owner may be somebody else, of whom git takes nothing by itself; its process that reads the
# folder is told by itself, since a clone hands no settings on to it.
git clone --quiet --depth 1 --upload-pack "git -c 'safe.directory=*' upload-pack" "file://$project" "$root$project"
commit=$(git -c safe.directory='*' rev-parse --short HEAD)

# The same compiler, folder and flags: what another stage of scripts/test.sh has compiled is not compiled
# again.
cache=$(ccache -k cache_dir)
mkdir -p "$cache" "$root/root/.cache/ccache"
environment=(HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LATHE_WERROR=ON)
for name in base_dir:CCACHE_BASEDIR sloppiness:CCACHE_SLOPPINESS; do
  value=$(ccache -k "${name%:*}")
  [ -z "$value" ] || environment+=("${name#*:}=$value")
done
for name in LANG LC_ALL LC_CTYPE LC_MESSAGES http_proxy https_proxy no_proxy; do
  [ -z "${!name:-}" ] || environment+=("$name=${!name}")
done

# in_system ROOT PACKAGES CACHE PROJECT VARIABLES... -- PACKAGE...
in_system() {
  local root=$1 packages=$2 cache=$3 project=$4 environment=()
  shift 4
  while [ "$1" != -- ]; do
    environment+=("$1")
    shift
  done
  shift
  mount --rbind /dev "$root/dev"
  mount --rbind /sys "$root/sys"
  mount -t proc proc "$root/proc"
  mount --bind "$packages" "$root/var/cache/apt/archives"
  mount --bind "$cache" "$root/root/.cache/ccache"
  exec chroot "$root" env -i "${environment[@]}" bash -euc '
    cd "$1"
    shift
    if [ $# -gt 0 ]; then
      apt-get -qq update
      DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >/dev/null
    fi
    scripts/demo.sh --quick
    apt-get -qq autoclean' bash "$project" "$@"
}
say "the demo of $commit begins, with ${*:-nothing} installed before"
"${namespace[@]}" bash -euc "$(declare -f in_system); in_system \"\$@\"" bash \
  "$root" "$packages" "$cache" "$project" "${environment[@]}" -- "$@" </dev/null &
running=$!
status=0
wait "$running" || status=$?
running=
say "the demo ended with status $status"
exit "$status"
