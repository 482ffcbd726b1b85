/*
 * tick.c - the periodic work of running threads.
 */
#include "account.h"
#include "cache.h"
#include "decay.h"
#include "os.h"
#include "serve.h"
#include "settings.h"

enum {
    INTERVAL_MAX = 256,        /* gets between two looks at the time, at most */
    TICK_NS = 4 * 1000 * 1000, /* between two ticks, about */
    WORK_NS = 500 * 1000,      /* between two looks while decay has work */
};

/*
 * The interval doubles while looks come too often, and is halved while they
 * come too seldom, down to every get: a program that slows down must decay too.
 */
static void
adapt_interval(struct cache *cache, int64_t passed_ns, int64_t until_work_ns)
{
    bool work = settings.window_ns > 0 && until_work_ns < TICK_NS;
    int64_t wanted = work ? WORK_NS : TICK_NS;

    if (passed_ns >= wanted)
        cache->interval = cache->interval > 2 ? cache->interval / 2 : 1;
    else if (cache->interval < INTERVAL_MAX)
        cache->interval *= 2;
}

void
cache_tick(struct cache *cache)
{
    int64_t now = os_now_ns();
    int64_t work = atomic_load_explicit(&decay_next_ns, memory_order_relaxed);

    if (now >= work)
        decay_tick(cache->look_ns, now);
    adapt_interval(cache, now - cache->look_ns, work - now);
    cache->look_ns = now;
    if (now - cache->tick_ns < TICK_NS)
        return;
    cache->tick_ns = now;
    cache_publish(cache);
    account_curve(now);
    if (settings.window_ns > 0)
        cache_trim(cache);
}
