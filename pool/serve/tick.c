/*
 * tick.c - work of running threads that time calls for.
 */
#include "account.h"
#include "cache.h"
#include "decay.h"
#include "os.h"
#include "serve.h"
#include "settings.h"

enum {
    INTERVAL_MAX = 256,        /* gets between ticks, at most */
    TICK_NS = 4 * 1000 * 1000, /* a tick is wanted about that often */
};

/*
 * The interval doubles while ticks come too often and falls to every get
 * when they come seldom: a program that slows down must still decay.
 */
void
cache_tick(struct cache *cache)
{
    int64_t now = os_now_ns();

    if (now >= atomic_load_explicit(&decay_next_ns, memory_order_relaxed))
        decay_tick(cache->look_ns, now);
    cache->look_ns = now;
    if (now - cache->tick_ns < TICK_NS) {
        if (cache->interval < INTERVAL_MAX)
            cache->interval *= 2;
        return;
    }
    cache->interval = cache->interval > 2 ? cache->interval / 2 : 1;
    cache->tick_ns = now;
    cache_publish(cache);
    account_curve(now);
    if (settings.window_ns > 0)
        cache_trim(cache);
}
