/*
 * test_pool_warm.c - a warm-up keeps nobody waiting while pages become present.
 *
 * The linker puts __wrap_os_populate in the place of os_populate.
 */
#include <criterion/criterion.h>

#include "os.h"
#include "pool_calls.h"
#include "pool_check.h"
#include "region.h"

bool __wrap_os_populate(void *start, size_t bytes);
bool __real_os_populate(void *start, size_t bytes);

static unsigned populated;
static unsigned under_lock;

bool
__wrap_os_populate(void *start, size_t bytes)
{
    populated++;
    under_lock += lock_held_by_self(&slab_lock);
    return __real_os_populate(start, bytes);
}

Test(pool_warm, pages_become_present_without_the_lock)
{
    enum { COUNT = 100 };

    cr_assert(pool_init(&pool_config_default));
    cr_assert_eq(pool_warm(65536, COUNT), COUNT);
    cr_assert_geq(populated, COUNT);
    cr_assert_eq(under_lock, 0);
    cr_assert_null(pool_check());
}
