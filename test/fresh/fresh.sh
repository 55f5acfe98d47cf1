#!/usr/bin/env bash
# Tries targets of the Makefile on a Debian that has nothing yet:
#
#	test/fresh/fresh.sh "bookworm trixie" "run test"
#
# Each suite is debootstrapped below build/fresh, from the mirror that apt on this
# machine uses. Go, make and git are put in, and this checkout's last commit.
# All of it runs in namespaces of its own: no process and no mount outlasts it.
# Of "run" the page is fetched; then it is ended.
#
# What was printed stays in build/fresh/SUITE-TARGET.log. WARREN_MIRROR=URL names
# another mirror of Debian; WARREN_KEEP=1 keeps the systems.
set -euo pipefail

# system makes a system, and tries the targets in it.
system() {
  local root=$PWD/$suite kept=$PWD/packages/$suite
  mkdir -p "$kept"
  debootstrap --variant=minbase --cache-dir="$kept" --include=ca-certificates,git,make "$suite" "$root" "$main"
  cat >"$root/etc/apt/sources.list" <<SOURCES
deb $main $suite main
deb $main $suite-updates main
deb $security $suite-security main
SOURCES
  printf '%s\n' "$apt_settings" >"$root/etc/apt/apt.conf.d/90machine"
  cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
  cp -L /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
  chroot "$root" update-ca-certificates >/dev/null

  mkdir "$root/usr/local/go"
  mount --bind -o ro "$goroot" "$root/usr/local/go"
  mount --bind "$kept" "$root/var/cache/apt/archives"
  mount --rbind /dev "$root/dev"
  mount --rbind /sys "$root/sys"
  mount -t proc proc "$root/proc"
  mount -t tmpfs tmpfs "$root/run"
  cp warren.bundle "$root/root/"
  chroot "$root" git clone --quiet /root/warren.bundle /root/warren

  local failed=0 target began result
  for target in $targets; do
    printf '\n== %s: make %s\n' "$suite" "$target"
    began=$SECONDS result=ok
    enter "$root" env -i "${environment[@]}" bash -euo pipefail -c "$(declare -f inside page); inside $target" \
      </dev/null 2>&1 | tee "$suite-$target.log" || { result=failed; failed=1; }
    printf '%-10s make %-12s %-7s %5d s\n' "$suite" "$target" "$result" $((SECONDS - began)) >>results
  done
  return $failed
}

# enter runs a command with the system as its root. In a chroot, some tests could
# not make the user namespaces that they can make everywhere else.
enter() {
  # shellcheck disable=SC2016 # the inner shell expands it
  unshare --mount bash -euc 'mount --rbind "$0" "$0"; cd "$0"; pivot_root . mnt; umount -l mnt; exec "$@"' "$@"
}

# inside runs a target in the system.
inside() {
  cd /root/warren
  if [ "$1" != run ]; then
    make "$1"
    return
  fi
  make run LISTEN=127.0.0.1:0 >/tmp/run 2>&1 &
  local pid=$! port='' status=0
  until [ -n "$port" ]; do
    sleep 1
    kill -0 $pid 2>/dev/null || { cat /tmp/run; echo 'make run has ended by itself'; return 1; }
    port=$(sed -n 's|^The room is open: http://localhost:\([0-9]*\)/$|\1|p' /tmp/run)
  done
  page "$port" || status=1
  kill $pid
  wait $pid || true # 2 or 143: a signal has ended it
  cat /tmp/run
  return $status
}

# page fetches the page, without a program that a new system has not.
page() {
  exec 3<>"/dev/tcp/127.0.0.1/$1"
  printf 'GET / HTTP/1.0\r\nHost: localhost:%s\r\n\r\n' "$1" >&3
  local page
  page=$(cat <&3)
  [[ $page == 'HTTP/1.0 200 OK'* && $page == *'</html>'* ]] || { printf '%s\nthat is no page\n' "$page"; return 1; }
  echo "the page at port $1 has ${#page} characters"
}

suites=$1 targets=$2
cd "$(dirname "$0")/../.."
goroot=$(go env GOROOT)
mirrors=$(apt-get indextargets --format '$(ORIGIN)/$(LABEL) $(REPO_URI)' 'Created-By: Packages')
main=${WARREN_MIRROR:-$(awk '$1 == "Debian/Debian" { print $2; exit }' <<<"$mirrors")}
main=${main%/}
security=$(awk '$1 == "Debian/Debian-Security" { print $2; exit }' <<<"$mirrors")
[ -z "${WARREN_MIRROR-}" ] && [ -n "$security" ] || security=$main-security
if [ -z "$main" ]; then
  echo 'apt on this machine knows no mirror of Debian: name one with WARREN_MIRROR=URL' >&2
  exit 1
fi
apt_settings=$(apt-config dump | grep -E '^Acquire::(https?|Check-)' || true)

environment=(HOME=/root LANG=C.UTF-8 TERM=dumb
  PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
for name in GOPROXY GOSUMDB GONOSUMDB GOPRIVATE; do environment+=("$name=$(go env $name)"); done
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
  [ -z "${!name-}" ] || environment+=("$name=${!name}")
done
! command -v npm >/dev/null || environment+=("npm_config_registry=$(npm config get registry)")

[ "$(id -u)" = 0 ] || { echo 'this needs root, for chroot and mounts: make test-fresh asks for it' >&2; exit 1; }
mkdir -p build/fresh
git bundle create --quiet build/fresh/warren.bundle HEAD
cd build/fresh
rm -f results && touch results

status=0
for suite in $suites; do
  rm -rf --one-file-system "$suite"
  # A namespace's first process takes no signal but KILL. unshare passes that on.
  unshare --mount --pid --fork --kill-child bash -euo pipefail -c \
    "$(declare -f system enter inside page); $(declare -p suite targets main security apt_settings goroot environment); system" </dev/null &
  child=$!
  trap 'kill -KILL $child' EXIT
  wait $child || status=1
  trap - EXIT
  [ -n "${WARREN_KEEP-}" ] || rm -rf --one-file-system "$suite"
  grep -q "^$suite " results || printf '%-10s was not installed\n' "$suite" >>results
done
[ -z "${SUDO_UID-}" ] || chown -R "$SUDO_UID" .
printf '\n'
cat results
exit $status
