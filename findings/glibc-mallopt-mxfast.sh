#!/bin/bash
#
# mallopt(M_MXFAST, value) answers 1 when the value was set and 0 when it is out
# of range, which ends at 160 bytes: so it is in glibc 2.36 and 2.41. glibc
# 2.43, which has no fast bins any more, answers 1 to every value, also to -1:
# the answer no longer tells whether the call had an effect.

# shellcheck source=findings/support.bash
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/support.bash"

compile <<'PROGRAM'
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

int
main(int count, char **values)
{
    for (int i = 1; i < count; i++)
        printf("%s%s: %d", i > 1 ? ", " : "mallopt(M_MXFAST, n) for ",
               values[i], mallopt(M_MXFAST, atoi(values[i])));
    putchar('\n');
    return 0;
}
PROGRAM

fetch_libcs
values=(64 160 161 1000000 -1)
bounded='mallopt(M_MXFAST, n) for 64: 1, 160: 1, 161: 0, 1000000: 0, -1: 0'
anything='mallopt(M_MXFAST, n) for 64: 1, 160: 1, 161: 1, 1000000: 1, -1: 1'
expect 2.36-9+deb12u14 "$bounded" "${values[@]}"
expect 2.41-12+deb13u5 "$bounded" "${values[@]}"
expect 2.43-7 "$anything" "${values[@]}"
exit "$failed"
