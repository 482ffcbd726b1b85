#!/bin/bash
#
# Under qemu-user 7.2 madvise answers 0 to all advice that it does not carry out:
# MADV_POPULATE_WRITE makes no page present, and a number that is no advice is
# taken too, where Linux says EINVAL. So an allocator can not find out by asking
# whether the system has an advice, and one that made memory present at start
# believes that it is. MADV_DONTNEED is carried out: the pages read as zero.

# shellcheck source=findings/support.bash
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/support.bash"

compile <<'PROGRAM'
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGES = 256, PAGE = 4096, POPULATE_WRITE = 23, NO_ADVICE = 4711 };

int
main(void)
{
    unsigned char present[PAGES];
    int count = 0;
    char *map = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int answer = madvise(map, PAGES * PAGE, POPULATE_WRITE);

    mincore(map, PAGES * PAGE, present);
    for (int page = 0; page < PAGES; page++)
        count += present[page] & 1;
    printf("POPULATE_WRITE %d: %d of %d pages", answer, count, PAGES);
    answer = madvise(map, PAGES * PAGE, NO_ADVICE);
    printf("; no advice %s", answer == 0 ? "0" : strerror(errno));
    map[0] = 1;
    answer = madvise(map, PAGES * PAGE, MADV_DONTNEED);
    printf("; DONTNEED %d, reads %d\n", answer, map[0]);
    return 0;
}
PROGRAM

package=qemu-user-static_7.2+dfsg-7+deb12u18+b3_amd64.deb
fetch qemu "$package" \
    c3e3ba2bd87f8c5b9a5da5ef21b5a3b82d7c63b89dd448d9ddaa4eabc5b6e402
compare "qemu-user 7.2" \
    "POPULATE_WRITE 0: 0 of 256 pages; no advice 0; DONTNEED 0, reads 0" \
    "$("$work/$package/usr/bin/qemu-x86_64-static" "$work/program")"
compare "the system itself" "POPULATE_WRITE 0: 256 of 256 pages; \
no advice Invalid argument; DONTNEED 0, reads 0" "$("$work/program")"
exit "$failed"
