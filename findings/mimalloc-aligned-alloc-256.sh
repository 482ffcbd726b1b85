#!/bin/bash
#
# In mimalloc 2.0.9 (Debian 12), preloaded, aligned_alloc(256, 256) gives blocks
# that are aligned to 128 bytes only, and so does every power of two from 256
# bytes to 1 KB with a size equal to the alignment. Up to 128 bytes, and for
# sizes of 2 KB and more, the alignment holds. C11 asks for the alignment that
# was given, whatever the size.

# shellcheck source=findings/support.bash
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/support.bash"

compile <<'PROGRAM'
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The alignment that all of 64 blocks have. */
static uintptr_t
shared_alignment(size_t alignment, size_t size)
{
    uintptr_t bits = 0;

    for (unsigned i = 0; i < 64; i++)
        bits |= (uintptr_t)aligned_alloc(alignment, size);
    return bits & -bits;
}

int
main(int count, char **values)
{
    for (int i = 1; i + 1 < count; i += 2) {
        size_t alignment = strtoul(values[i], NULL, 10);
        size_t size = strtoul(values[i + 1], NULL, 10);

        printf("%saligned_alloc(%zu, %zu): %s", i > 1 ? ", " : "", alignment,
               size,
               shared_alignment(alignment, size) >= alignment ? "aligned"
                                                              : "not aligned");
    }
    putchar('\n');
    return 0;
}
PROGRAM

version=2.0.9+ds-2
fetch mimalloc "libmimalloc2.0_${version}_amd64.deb" a20035605a532be3186f0f48607c7106fe2a5551066c29de663c965692c446c4
library=$(find "$work" -name 'libmimalloc.so.2*' -type f | head -n 1)
compare "mimalloc $version" \
    'aligned_alloc(128, 128): aligned, aligned_alloc(256, 256): not aligned, aligned_alloc(512, 512): not aligned, aligned_alloc(256, 4096): aligned' \
    "$(LD_PRELOAD=$library "$work/program" 128 128 256 256 512 512 256 4096)"
exit "$failed"
