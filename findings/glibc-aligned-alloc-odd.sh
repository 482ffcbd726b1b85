#!/bin/bash
#
# aligned_alloc with an alignment that is no power of two gives a block, aligned
# to the next one, in glibc 2.36; glibc 2.41 and 2.43 refuse it with EINVAL.
# memalign, which used to be the same function, gives a block in all three. So a
# program that runs on Debian 12 gets NULL on Debian 13.

# shellcheck source=findings/support.bash
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/support.bash"

compile <<'PROGRAM'
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
say(const char *name, const void *block)
{
    printf("%s %s", name, block != NULL ? "gives a block" : strerror(errno));
}

int
main(void)
{
    say("aligned_alloc(24, 4800):", aligned_alloc(24, 4800));
    say(", memalign(24, 4800):", memalign(24, 4800));
    putchar('\n');
    return 0;
}
PROGRAM

fetch_libcs
gives='gives a block'
refuses='Invalid argument'
memalign="memalign(24, 4800): $gives"
expect 2.36-9+deb12u14 "aligned_alloc(24, 4800): $gives, $memalign"
expect 2.41-12+deb13u5 "aligned_alloc(24, 4800): $refuses, $memalign"
expect 2.43-7 "aligned_alloc(24, 4800): $refuses, $memalign"
exit "$failed"
