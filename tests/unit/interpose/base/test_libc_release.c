/* Releases of glibc and of the kernel, compared. */
#include <criterion/criterion.h>

#include "libc_release.h"

Test(libc_release, minor_numbers_are_numbers)
{
    cr_assert(release_since("6.7", 6, 7));
    cr_assert(release_since("6.7.0-amd64", 6, 7));
    cr_assert(release_since("6.12.3", 6, 7));
    cr_assert_not(release_since("6.6.99", 6, 7));
    cr_assert_not(release_since("6.1", 6, 7));
}

Test(libc_release, the_major_number_decides_first)
{
    cr_assert(release_since("7.0", 6, 7));
    cr_assert(release_since("10", 6, 7));
    cr_assert_not(release_since("5.15", 6, 7));
}

Test(libc_release, a_missing_number_is_0)
{
    cr_assert(release_since("6", 6, 0));
    cr_assert_not(release_since("6", 6, 1));
    cr_assert_not(release_since("", 1, 0));
}
