/* unreported.c - see unreported.h. */
#include "unreported.h"

#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>

struct shared {
    _Atomic uint64_t processes;
    _Atomic uint64_t gets;
    _Atomic uint64_t hits;
    _Atomic uint32_t error;
};

static struct shared *shared;

void
unreported_start(void)
{
    void *mapped = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    shared = mapped == MAP_FAILED ? NULL : mapped;
}

struct stats_unreported
unreported_take(void)
{
    struct stats_unreported sum = {0};

    if (shared == NULL || atomic_load(&shared->processes) == 0)
        return sum;
    sum.processes = atomic_exchange(&shared->processes, 0);
    sum.gets = atomic_exchange(&shared->gets, 0);
    sum.hits = atomic_exchange(&shared->hits, 0);
    sum.error = atomic_load(&shared->error);
    return sum;
}

void
unreported_add(const struct stats_unreported *more)
{
    if (shared == NULL || more->processes == 0)
        return;
    atomic_store(&shared->error, more->error);
    atomic_fetch_add(&shared->gets, more->gets);
    atomic_fetch_add(&shared->hits, more->hits);
    atomic_fetch_add(&shared->processes, more->processes);
}
