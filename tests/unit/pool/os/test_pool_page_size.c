/* test_pool_page_size.c - on a system whose pages are not of 4 KB. */
#include <criterion/criterion.h>
#include <sys/auxv.h>

#include "page.h"
#include "pool.h"

/* In the library's place: arm64 as some distributions build it. */
unsigned long
getauxval(unsigned long type)
{
    return type == AT_PAGESZ ? 65536 : 0;
}

Test(pool_page_size, other_pages_leave_the_pools_inactive)
{
    cr_assert_not(pool_init(&pool_config_default));
    cr_assert_str_eq(pool_page()->reason, "the system's pages are not of 4 KB");
    cr_assert_eq(pool_page()->active, 0);
}
