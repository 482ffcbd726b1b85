# libc.sh - sourced by the scripts here: programs on pinned releases of glibc.
# shellcheck shell=bash disable=SC2034
#
#   work    a temporary folder, removed at the end

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0 # the exit status of the script

# fetch_libc VERSION SHA256: unpacks Debian's package into $work/VERSION.
fetch_libc() {
    local url=http://deb.debian.org/debian/pool/main/g/glibc
    curl -fsS -o "$work/$1.deb" "$url/libc6_$1_amd64.deb"
    echo "$2  $work/$1.deb" | sha256sum --quiet -c -
    dpkg-deb -x "$work/$1.deb" "$work/$1"
}

# Debian 12's, Debian 13's and the one of sid of November 2026.
fetch_libcs() {
    fetch_libc 2.36-9+deb12u14 ba4f88f73dbc3ae9055f3c20f4523bfdbaf1ad13ff95e258924f77d20b4fbedf
    fetch_libc 2.41-12+deb13u5 b59b0625cd1a791375d40dab23a4d5d3d0641e3d0a773501becdc3725b7f99cf
    fetch_libc 2.43-7 5c71715c51103beb4fbba9fe9f8dff604af6610dfa71c70bff342f54a7860803
}

# compile: the program on stdin becomes $work/program.
compile() {
    cc -x c -O0 -fno-builtin -D_GNU_SOURCE -o "$work/program" -
}

# expect VERSION LINE ARGUMENTS...: the program's line on that glibc.
expect() {
    local folder seen
    folder=$(dirname "$(find "$work/$1" -name libc.so.6)")
    seen=$("$folder/ld-linux-x86-64.so.2" --library-path "$folder" \
        "$work/program" "${@:3}")
    if [[ $seen == "$2" ]]; then
        echo "glibc $1: $seen"
    else
        echo "glibc $1: $seen (was: $2)"
        failed=1
    fi
}
