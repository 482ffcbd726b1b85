# support.bash - sourced by the scripts here: pinned packages and expectations.
# shellcheck shell=bash disable=SC2034
#
#   work    a temporary folder, removed at the end

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0 # the exit status of the script

# fetch SOURCE FILE SHA256: unpacks Debian's package into $work/FILE.
fetch() {
    local archive=http://deb.debian.org/debian/pool/main
    mkdir "$work/$2"
    curl -fsS -o "$work/package.deb" "$archive/${1:0:1}/$1/$2"
    echo "$3  $work/package.deb" | sha256sum --quiet -c -
    dpkg-deb -x "$work/package.deb" "$work/$2"
}

# Debian 12's, Debian 13's and the one of sid of November 2026.
fetch_libcs() {
    fetch glibc libc6_2.36-9+deb12u14_amd64.deb \
        ba4f88f73dbc3ae9055f3c20f4523bfdbaf1ad13ff95e258924f77d20b4fbedf
    fetch glibc libc6_2.41-12+deb13u5_amd64.deb \
        b59b0625cd1a791375d40dab23a4d5d3d0641e3d0a773501becdc3725b7f99cf
    fetch glibc libc6_2.43-7_amd64.deb \
        5c71715c51103beb4fbba9fe9f8dff604af6610dfa71c70bff342f54a7860803
}

# compile: the program on stdin becomes $work/program.
compile() {
    cc -x c -O0 -fno-builtin -D_GNU_SOURCE -o "$work/program" -
}

# compare WHERE EXPECTED SEEN: says what was seen, and whether that has changed.
compare() {
    if [[ $3 == "$2" ]]; then
        echo "$1: $3"
    else
        echo "$1: $3 (was: $2)"
        failed=1
    fi
}

# expect VERSION LINE ARGUMENTS...: the program's line on that glibc.
expect() {
    local folder
    folder=$(dirname "$(find "$work/libc6_$1_amd64.deb" -name libc.so.6)")
    compare "glibc $1" "$2" "$("$folder/ld-linux-x86-64.so.2" \
        --library-path "$folder" "$work/program" "${@:3}")"
}
