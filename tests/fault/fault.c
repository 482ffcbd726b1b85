/*
 * fault.c - every call to the system for memory fails in turn.
 *
 *   fault once|onwards|chance private|shared [NUMBER]
 *
 * once      the nth call fails, for every n that a run without faults has
 * onwards   the nth call and all later ones
 * chance    one of 2 to 64 calls, by seeds
 * shared    with the statistics page in a file
 * NUMBER    only this n or seed
 *
 * Every run is a process of its own. It must neither crash nor lose, mix up
 * or count wrongly a single buffer; once memory is back all must be served.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault_os.h"
#include "load.h"
#include "pool_calls.h"
#include "pool_check.h"

enum {
    STEPS = 1200,
    CHILD_STEPS = 200,
    THREAD_STEPS = 200,
    FORK_EVERY = 400,
    THREAD_EVERY = 300,
    SEEDS = 100,
    TURNS_MAX = 120, /* more than that are taken by MIDPOOL_SOAK only */
    RUN_SECONDS = 400,
};

static bool shared;
static struct load load;

static void
check(const char *when)
{
    const char *broken = pool_check();

    if (broken != NULL)
        load_fail("%s: %s", when, broken);
}

static void *
thread_main(void *random)
{
    struct load own;

    load_init(&own, *(uint64_t *)random);
    for (unsigned i = 0; i < THREAD_STEPS; i++)
        load_step(&own);
    load_drop(&own);
    return NULL;
}

static void
run_threads(void)
{
    pthread_t thread[2];
    uint64_t seed[2] = {pool_draw(&load.random), pool_draw(&load.random)};

    for (unsigned i = 0; i < 2; i++) {
        if (pthread_create(&thread[i], NULL, thread_main, &seed[i]) != 0)
            load_fail("no thread");
    }
    for (unsigned i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
}

static void
expect_success(pid_t child, const char *what)
{
    int status;

    if (waitpid(child, &status, 0) != child)
        load_fail("waitpid");
    if (WIFSIGNALED(status))
        load_fail("%s: signal %d", what, WTERMSIG(status));
    if (WEXITSTATUS(status) != 0)
        load_fail("%s: status %d", what, WEXITSTATUS(status));
}

static void
run_child(void)
{
    pid_t child;

    while (!pool_fork_prepare())
        sched_yield();
    child = fork();
    if (child < 0)
        load_fail("fork");
    if (child > 0) {
        pool_fork_parent();
        expect_success(child, "forked child");
        check("after a fork");
        return;
    }
    pool_fork_child();
    check("in a child");
    for (unsigned i = 0; i < CHILD_STEPS; i++)
        load_step_rare(&load);
    load_drop(&load);
    check("at a child's end");
    _exit(0);
}

static void
share_page(void)
{
    int fd = memfd_create("page", MFD_CLOEXEC);

    if (fd < 0 || ftruncate(fd, (off_t)pool_page_bytes()) != 0)
        load_fail("no memfd");
    (void)pool_page_share(fd, NULL);
    close(fd);
}

/* With memory back, everything is served, unless there never was a pool. */
static void
after_faults(bool active)
{
    void *ptr[8];

    fault_plan(NULL);
    check("after the faults");
    for (unsigned i = 0; i < 8; i++) {
        ptr[i] = pool_get((size_t)BAND_MAX_BYTES / (i + 1));
        if ((ptr[i] != NULL) != active)
            load_fail("memory is back: %p, pools %s", ptr[i],
                      active ? "active" : "inactive");
    }
    for (unsigned i = 0; active && i < 8; i++)
        (void)pool_put(ptr[i]);
    load_drop(&load);
    (void)pool_purge();
    check("at the end");
    if (pool_census_live() != 0 || pool_census_idle() != 0)
        load_fail("%llu live, %llu idle after all",
                  (unsigned long long)pool_census_live(),
                  (unsigned long long)pool_census_idle());
}

static uint64_t
run(const struct fault_plan *plan)
{
    bool active;
    uint64_t seen;

    fault_plan(plan);
    active = pool_init(&pool_config_default);
    if (shared)
        share_page();
    load_init(&load, 7);
    for (unsigned i = 1; i <= STEPS; i++) {
        load_step_rare(&load);
        if (i % THREAD_EVERY == 0)
            run_threads();
        if (i % FORK_EVERY == 0)
            run_child();
    }
    seen = fault_seen();
    if (active != (pool_page()->active != 0) || (!active && !load.refused))
        load_fail("active: %d, refused: %llu", active,
                  (unsigned long long)load.refused);
    after_faults(active);
    return seen;
}

/* How many calls a run without faults makes. */
static uint64_t
count_calls(void)
{
    uint64_t *count = mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const struct fault_plan none = {.calls = FAULT_ALL};
    pid_t child;

    if (count == MAP_FAILED || (child = fork()) < 0)
        load_fail("fork");
    if (child == 0) {
        *count = run(&none);
        _exit(0);
    }
    expect_success(child, "without faults");
    return *count;
}

static struct fault_plan
make_plan(const char *mode, uint64_t n)
{
    static const unsigned kinds[] = {FAULT_ALL, FAULT_COMMIT,
                                     FAULT_PURGE | FAULT_POPULATE};
    struct fault_plan plan = {.calls = FAULT_ALL, .from = n, .to = n + 1};

    if (strcmp(mode, "onwards") == 0)
        plan.to = UINT64_MAX;
    if (strcmp(mode, "chance") == 0)
        plan = (struct fault_plan){
            .calls = kinds[n % 3], .chance = 2u << n % 6, .seed = n * 1000};
    return plan;
}

static bool
run_apart(const char *mode, uint64_t n)
{
    const struct fault_plan plan = make_plan(mode, n);
    pid_t child = fork();
    int status;

    if (child == 0) {
        alarm(RUN_SECONDS);
        (void)run(&plan);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        load_fail("fork");
    if (status == 0)
        return true;
    fprintf(stderr, "fault %s %s %llu: %s %d\n", mode,
            shared ? "shared" : "private", (unsigned long long)n,
            WIFSIGNALED(status) ? "signal" : "status",
            WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return false;
}

int
main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "once";
    unsigned failures = 0;
    uint64_t turns = SEEDS;
    uint64_t step = 1;

    shared = argc > 2 && strcmp(argv[2], "shared") == 0;
    if (argc > 3)
        return !run_apart(mode, strtoull(argv[3], NULL, 10));
    if (strcmp(mode, "chance") != 0) {
        turns = count_calls();
        step = getenv("MIDPOOL_SOAK") != NULL ? 1
               : shared                       ? 1 + 2 * turns / TURNS_MAX
                                              : 1 + turns / TURNS_MAX;
    }
    for (uint64_t n = 1; n <= turns; n += n < TURNS_MAX / 4 ? 1 : step)
        failures += !run_apart(mode, n);
    printf("%s: %llu turns, %u failed\n", mode, (unsigned long long)turns,
           failures);
    return failures != 0;
}
