/*
 * backend_thread.c - a thread's first allocation when memory has run out.
 *
 * Purpose   jemalloc gives a thread an arena and a cache at its first
 *           allocation and does not look whether it got the memory for them:
 *           with address space exhausted it crashes. Here the set-up may use
 *           an emergency reserve (backend_map.c); without enough even there,
 *           the thread gets no cache and shares the first arena, which exists
 *           since start-up.
 * Model     One thread at a time sets up. An allocation from the same arena
 *           just before shows whether the memory suffices. jemalloc's options
 *           are changed meanwhile; a child that another thread forks then
 *           gets the usual ones back.
 */
#include "backend_je.h"

/* At least the size of a cache's arrays of pointers at jemalloc's limits. */
enum { CACHE_BYTES = 64 << 10 };

static struct backend_mutex set_up;

/* The thread that sets up (0: none), and jemalloc's options before that. */
static struct {
    uintptr_t thread;
    bool tcache;
    unsigned narenas;
} usual;

static void
keep_options(void)
{
    usual.tcache = je_opt_tcache;
    usual.narenas = je_narenas_auto;
    __atomic_store_n(&usual.thread, (uintptr_t)pthread_self(),
                     __ATOMIC_RELEASE);
}

static void
restore_options(void)
{
    je_narenas_auto = usual.narenas;
    je_opt_tcache = usual.tcache;
    backend_map_emergency(0);
    __atomic_store_n(&usual.thread, 0, __ATOMIC_RELEASE);
}

static bool
has_memory_for_cache(void)
{
    void *probe = je_a0malloc(CACHE_BYTES);

    if (probe == NULL)
        return false;
    je_a0dalloc(probe);
    return true;
}

bool
backend_je_tsd_tcache_enabled_data_init(struct je_tsd *tsd)
{
    bool result;

    (void)backend_je_pthread_mutex_lock(&set_up);
    keep_options();
    backend_map_emergency((uintptr_t)pthread_self());
    if (je_opt_tcache && !has_memory_for_cache())
        je_opt_tcache = false;
    if (backend_map_is_scarce())
        je_narenas_auto = 1;
    result = je_tsd_tcache_enabled_data_init(tsd);
    restore_options();
    (void)backend_je_pthread_mutex_unlock(&set_up);
    return result;
}

void
backend_thread_fork_child(void)
{
    /* A signal handler that forks within our own set-up goes back to it. */
    if (usual.thread != 0 && usual.thread != (uintptr_t)pthread_self())
        restore_options();
    (void)backend_je_pthread_mutex_init(&set_up, NULL);
}
