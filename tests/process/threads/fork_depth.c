/*
 * fork_depth.c - fifty generations, each forked by a process with threads.
 *
 * A child adopts what dead threads of its parent held. What lives and what
 * is resident must not grow with the generations, nor may a buffer be handed
 * out twice: a list of live blocks is inherited and verified at every depth.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "churn.h"

enum { DEPTH = 50, LIVE = 300, ROUND_BLOCKS = 200, THREADS = 4 };

static struct churn_block live[LIVE];
static pthread_barrier_t cached;

/* Fills this thread's cache and sleeps on: the fork finds it alive. */
static void *
hoard(void *argument)
{
    struct churn_block block[ROUND_BLOCKS];
    for (unsigned i = 0; i < ROUND_BLOCKS; i++)
        block[i] = churn_take(2048 + i * 300, i);
    for (unsigned i = 0; i < ROUND_BLOCKS; i++)
        churn_drop(&block[i]);
    pthread_barrier_wait(&cached);
    pause();
    return argument;
}

static void
verify_and_renew(unsigned depth)
{
    for (unsigned i = 0; i < LIVE; i++) {
        if (i % 3 == depth % 3)
            churn_drop(&live[i]);
        if (!live[i].ptr)
            live[i] =
                churn_take(2048 + (i * 211 + depth * 97) % 60000, i + depth);
    }
    churn_all_sizes(depth);
}

int
main(void)
{
    size_t first_rss = 0;
    for (unsigned depth = 0; depth < DEPTH; depth++) {
        verify_and_renew(depth);
        pthread_barrier_init(&cached, NULL, THREADS + 1);
        for (unsigned i = 0; i < THREADS; i++)
            pthread_detach(check_spawn(hoard, NULL));
        pthread_barrier_wait(&cached);
        pid_t pid = fork();
        if (pid != 0) {
            /* Every ancestor waits; only the youngest goes on. */
            check_child(pid, "generation");
            exit(0);
        }
        if (depth == 5)
            first_rss = check_rss_bytes();
    }
    for (unsigned i = 0; i < LIVE; i++)
        churn_drop(&live[i]);
    size_t last_rss = check_rss_bytes();
    CHECK(last_rss < 2 * first_rss + (16u << 20), "RSS grew from %zu to %zu",
          first_rss, last_rss);
    return 0;
}
