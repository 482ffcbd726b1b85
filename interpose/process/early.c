/* early.c - see early.h. */
#include "early.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "backend.h"
#include "call_guard.h"
#include "environment.h"
#include "pool.h"

enum stage { STAGE_NONE, STAGE_EARLY_RUNS, STAGE_EARLY };

static _Atomic enum stage stage;
static struct options options;

/* NULL until the constructor is done. */
static void (*_Atomic forked_child)(void);

/*
 * Handlers before a fork run in reverse order. This one is registered at the
 * first allocation, usually before those of other libraries. So theirs, which
 * may allocate, run before this one takes locks. The order of the locks is
 * stdio's list, jemalloc's, the pools'.
 */
static void
before_fork(void)
{
    backend_fork_prepare();
    while (!pool_fork_prepare()) {
        backend_fork_parent();
        sched_yield();
        backend_fork_prepare();
    }
}

static void
after_fork_parent(void)
{
    pool_fork_parent();
    backend_fork_parent();
}

static void
after_fork_child(void)
{
    void (*forked)(void) = atomic_load(&forked_child);
    struct call_guard mark;

    pool_fork_child();
    backend_fork_child();
    if (forked == NULL)
        return;
    call_guard_begin(&mark);
    forked();
    call_guard_end(&mark);
}

/* False: there is no environment yet, and the options are the defaults. */
static bool
take_options(char *const *entries, options_complaint *complain)
{
    bool there = environment_read(entries);

    options_init(&options);
    if (there)
        options_parse(&options, environment_conf(), complain);
    return there;
}

void
early_start(void)
{
    enum stage none = STAGE_NONE;
    struct pool_config config;

    if (atomic_load_explicit(&stage, memory_order_relaxed) != STAGE_NONE)
        return;
    if (!atomic_compare_exchange_strong(&stage, &none, STAGE_EARLY_RUNS))
        return;
    (void)take_options(environ, NULL);
    backend_set_conf(environment_backend_conf());
    options_pool_config(&options, &config);
    pool_init(&config);
    backend_on_refusal = pool_unmap;
    pthread_atfork(before_fork, after_fork_parent, after_fork_child);
    atomic_store(&stage, STAGE_EARLY);
}

struct options *
early_read_options(char *const *entries, options_complaint *complain)
{
    static const char cut[] = "midpool: MIDPOOL_CONF is longer than 4095"
                              " bytes; the rest is ignored\n";
    struct pool_config config;

    if (take_options(entries, complain) && complain != NULL &&
        environment_conf_was_cut())
        complain(cut, sizeof cut - 1);
    options_pool_config(&options, &config);
    pool_configure(&config);
    return &options;
}

void
early_ready(void (*forked)(void))
{
    atomic_store(&forked_child, forked);
}

bool
early_is_ready(void)
{
    return atomic_load(&forked_child) != NULL;
}
