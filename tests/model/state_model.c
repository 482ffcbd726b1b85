/*
 * state_model.c - threads that put one slot at once, in all runs that
 * explore.h knows.
 *
 *   state_model [broken]
 *
 * pool/fast.h, serve/put.c and serve/get.c themselves, with the
 * accesses to the slot's state word turned into points where others may come in
 * between. Whatever the order, the slot is got once and the other puts are
 * reported, when they happen or when their copy of it comes to light; when they
 * happen if every put takes the slow path (zero, check_fill).
 *
 * broken makes gets that do not mark what they take, to show that this is
 * found. The puts all come before the gets: where the slot is got again at
 * once, a late put cannot be told from that of the new owner.
 */
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "atomic.h"

enum { BYTES = 4096, THREADS = 3, OWNER = 0, GETS = 40 };

static void *contended; /* the slot that all put */
static bool marking = true;

#define STATE_READ(at) __atomic_load_n((at), __ATOMIC_RELAXED)
#define STATE_WRITE(at, value)                                                 \
    do {                                                                       \
        if (marking || (value) <= STATE_OFFSET_MASK)                           \
            __atomic_store_n((at), (value), __ATOMIC_RELAXED);                 \
    } while (0)

#include "../../pool/serve/put.c"

#include "fast.h"
#include "pool.h"

static bool
is_contended(const volatile void *at)
{
    return at == region_state(contended);
}

static void
put_it(void *ptr)
{
    if (!cache_put_fast(ptr, region_slab_bin[region_number(ptr)]))
        (void)cache_put_slow(ptr);
}

static void *
get_one(void)
{
    enum cache_taken taken;
    bool zero;
    void *ptr = cache_get_fast(BYTES, &taken);

    if (ptr == NULL)
        ptr = cache_get_slow(size_bin(BYTES), BYTES, taken, &zero);
    if (ptr == NULL)
        explore_fail("no memory");
    return ptr;
}

static struct cache *cache_of[THREADS];
static pthread_barrier_t attached;
static unsigned threads; /* that put in this scene */
static unsigned reports;
static void *got[THREADS][GETS];

static void
on_misuse(enum pool_misuse kind, const void *ptr, size_t bytes)
{
    if (kind != POOL_DOUBLE_FREE || ptr != contended || bytes != BYTES)
        explore_fail("a report of something else");
    reports++;
}

/* A thread's cache is used by a task from now on. */
static void *
lend_cache(void *to)
{
    put_it(get_one());
    *(struct cache **)to = cache_self;
    pthread_barrier_wait(&attached);
    for (;;)
        pause();
    return NULL;
}

static void
start(void)
{
    pthread_t thread;

    pool_on_misuse = on_misuse;
    if (!pool_init(&pool_config_default))
        explore_fail("no pool");
    pthread_barrier_init(&attached, NULL, 2);
    for (unsigned i = 0; i < THREADS; i++) {
        if (pthread_create(&thread, NULL, lend_cache, &cache_of[i]) != 0)
            explore_fail("no thread");
        pthread_barrier_wait(&attached);
    }
}

static void
get_many(unsigned who)
{
    cache_self = cache_of[who];
    for (unsigned i = 0; i < GETS; i++)
        got[who][i] = get_one();
}

static void
put_many(unsigned who)
{
    cache_self = cache_of[who];
    for (unsigned i = 0; i < GETS; i++)
        put_it(got[who][i]);
}

/*
 * Idle slots in all magazines, and one that the owner got. So did the others:
 * every put first finds room in its magazine.
 */
static void
reset(void)
{
    static void *kept[THREADS];

    marking = true;
    contended = NULL;
    for (unsigned who = 0; who < THREADS; who++) {
        cache_of[who]->match = cache_of[who]->tag;
        cache_self = cache_of[who];
        if (kept[who] != NULL)
            put_it(kept[who]);
        get_many(who);
        put_many(who);
        kept[who] = get_one();
    }
    cache_self = cache_of[OWNER];
    contended = get_one();
    reports = 0;
}

static void
reset_slow(void)
{
    reset();
    for (unsigned who = 0; who < THREADS; who++)
        cache_of[who]->match = UINT32_MAX;
}

static void
put_contended(unsigned who)
{
    cache_self = cache_of[who];
    put_it(contended);
}

static unsigned
times_got(unsigned who)
{
    unsigned times = 0;

    for (unsigned i = 0; i < GETS; i++)
        times += got[who][i] == contended;
    return times;
}

/* Every thread empties its magazine: each copy of the slot comes out. */
static void
expect_one(void)
{
    unsigned times = 0;

    for (unsigned who = 0; who < THREADS; who++)
        get_many(who);
    for (unsigned who = 0; who < THREADS; who++)
        times += times_got(who);
    marking = true;
    if (times > 1)
        explore_fail("a slot is handed out twice");
    if (reports != threads - 1)
        explore_fail("a put too many is not reported, or twice");
    for (unsigned who = 0; who < THREADS; who++)
        put_many(who);
}

static void
expect_one_at_once(void)
{
    if (reports != threads - 1)
        explore_fail("a put too many is not reported at once, or twice");
    expect_one();
}

static void
expect_one_unmarked(void)
{
    marking = false;
    expect_one();
}

int
main(int argc, char **argv)
{
    bool broken = argc > 1 && strcmp(argv[1], "broken") == 0;
    struct explore_scene scene = {
        .name = "the owner and another",
        .tasks = 2,
        .reset = reset,
        .task = put_contended,
        .check = broken ? expect_one_unmarked : expect_one,
        .shared = is_contended,
        .own = &cache_self,
        .whole = true,
    };

    start();
    threads = scene.tasks;
    explore_scenes(&scene, 1, false, 0);
    scene.name = "the owner and two others";
    threads = scene.tasks = 3;
    explore_scenes(&scene, 1, false, 0);
    scene.name = "the owner and two others, all on the slow path";
    scene.reset = reset_slow;
    scene.check = expect_one_at_once;
    explore_scenes(&scene, 1, false, 0);
    return 0;
}
