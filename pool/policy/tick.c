/*
 * tick.c - work of running threads that time calls for.
 */
#include "account.h"
#include "cache.h"
#include "os.h"
#include "purge.h"

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

    if (now - cache->tick_ns < TICK_NS) {
        if (cache->interval < INTERVAL_MAX)
            cache->interval *= 2;
        return;
    }
    cache->interval = cache->interval > 2 ? cache->interval / 2 : 1;
    cache->tick_ns = now;
    cache_publish(cache);
    account_curve(now);
    purge_tick(cache, now);
}

void
cache_publish(struct cache *cache)
{
    account_publish(cache_block(cache));
    for (unsigned bin = 0; bin < BINS; bin++)
        cache_set_low(cache, bin);
}
