#!/bin/bash
#
# Every tool of valgrind 3.19 preloads vgpreload_core into the program, also
# those that leave malloc alone (none, lackey). Only a second library, vgpreload_
# and the tool's name, replaces malloc (memcheck). So to find valgrind's library
# in a process does not say that malloc is valgrind's.

# shellcheck source=findings/support.bash
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/support.bash"

package=valgrind_3.19.0-1_amd64.deb
fetch valgrind "$package" 324842f2308a1e42abf2d81ff5eb19a9475fc9db95647f4d9da71444eda4087f
export VALGRIND_LIB=$work/$package/usr/libexec/valgrind

compile <<'PROGRAM'
#include <stdio.h>
#include <stdlib.h>

int
main(void)
{
    const char *preload = getenv("LD_PRELOAD");

    puts(preload != NULL ? preload : "");
    return 0;
}
PROGRAM

# preloaded TOOL: the names of the libraries that the program was given.
preloaded() {
    "$work/$package/usr/bin/valgrind" -q --tool="$1" --log-file=/dev/null \
        "$work/program" 2>/dev/null |
        tr ':' '\n' | sed -n 's#.*/vgpreload_\(.*\)-amd64-linux.so#\1#p' |
        paste -sd ' '
}

for tool in none lackey; do
    compare "valgrind 3.19 --tool=$tool" core "$(preloaded "$tool")"
done
compare "valgrind 3.19 --tool=memcheck" "core memcheck" "$(preloaded memcheck)"
exit "$failed"
