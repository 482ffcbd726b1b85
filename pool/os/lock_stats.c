/*
 * lock_stats.c - the figures of locks in a build with -Dlock_stats=true.
 */
#include "lock_stats.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "os.h"
#include "sink.h"

enum { CLOCK_TRIES = 1000, TEXT_BYTES = 8192, PATH_BYTES = 4096 };

static _Atomic(struct lock_stats *) locks;
static char path[PATH_BYTES];

static int64_t
cpu_ns(void)
{
    return os_clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

static void
enlist(struct lock_stats *stats)
{
    struct lock_stats *first = atomic_load(&locks);

    stats->listed = true;
    do
        stats->next = first;
    while (!atomic_compare_exchange_weak(&locks, &first, stats));
}

void
lock_stats_took(struct lock_stats *stats)
{
    if (!stats->listed)
        enlist(stats);
    stats->taken++;
    stats->since = cpu_ns();
}

void
lock_stats_left(struct lock_stats *stats)
{
    int64_t now = cpu_ns();

    /* A forked child, whose clock began anew, counts for itself. */
    if (now < stats->since) {
        stats->taken = 0;
        stats->held_ns = 0;
        return;
    }
    stats->held_ns += (uint64_t)(now - stats->since);
}

/* The cost of one reading of the clock. */
static uint64_t
clock_cost_ns(void)
{
    int64_t start = cpu_ns();

    for (unsigned i = 0; i < CLOCK_TRIES; i++)
        cpu_ns();
    return (uint64_t)(cpu_ns() - start) / (CLOCK_TRIES + 1);
}

static uint64_t
less(uint64_t from, uint64_t what)
{
    return from > what ? from - what : 0;
}

static void
write_lock(struct sink *sink, const struct lock_stats *stats, uint64_t cost)
{
    sink_text(sink, "lock ");
    sink_decimal(sink, (uint64_t)getpid());
    sink_char(sink, ' ');
    sink_text(sink, stats->name == NULL ? "unnamed" : stats->name);
    sink_char(sink, ' ');
    sink_decimal(sink, stats->taken);
    sink_char(sink, ' ');
    sink_decimal(sink, less(stats->held_ns, stats->taken * cost));
    sink_char(sink, '\n');
}

static void
write_process(struct sink *sink, uint64_t cost)
{
    uint64_t cpu = (uint64_t)os_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    uint64_t taken = 0;

    for (struct lock_stats *at = atomic_load(&locks); at != NULL;
         at = at->next) {
        taken += at->taken;
        write_lock(sink, at, cost);
    }
    sink_text(sink, "process ");
    sink_decimal(sink, (uint64_t)getpid());
    sink_char(sink, ' ');
    sink_decimal(sink, less(cpu, 2 * cost * taken));
    sink_char(sink, '\n');
}

/*
 * At the start, since a program may overwrite its environment; glibc's getenv
 * does not know it yet, because the library is initialised first of all.
 */
__attribute__((constructor)) static void
begin(int argc, char **argv, char **environment)
{
    static const char name[] = "MIDPOOL_LOCK_STATS=";
    const size_t length = sizeof name - 1;

    (void)argc;
    (void)argv;
    for (; *environment != NULL; environment++) {
        const char *value = *environment + length;

        if (strncmp(*environment, name, length) == 0 &&
            strlen(value) < sizeof path)
            strcpy(path, value);
    }
}

__attribute__((destructor)) static void
end(void)
{
    static char text[TEXT_BYTES];
    struct sink sink;
    int fd;

    if (path[0] == '\0')
        return;
    sink_init(&sink, text, sizeof text);
    write_process(&sink, clock_cost_ns());
    fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        return;
    /* One write, so that lines of several processes do not mix. */
    ssize_t written = write(fd, text, sink_finish(&sink));
    (void)written;
    close(fd);
}
