/*
 * limits_work.c - a modest program for tight limits.
 *
 *     limits_work [MEGABYTES [CASE]]
 *
 * Uses the band and the sizes around it, with threads, up to MEGABYTES (16)
 * live at once. Calls may fail with ENOMEM, never otherwise; it prints how
 * many megabytes it got. In the case "shift" it does so with one size after
 * the other: what one leaves idle has to serve the next, or be returned. In
 * the case "lower" it limits its own address space before, as a shell's ulimit
 * does, to half a gigabyte.
 *
 * The case "trade", with sizes behind it, limits what it may still map to
 * MEGABYTES, takes all that there is in blocks of each size in turn, and prints
 * how many megabytes each got. The case "cached" does the same after 8 MB were
 * freed to the thread's own cache, in blocks of 1 MB. A letter before a size
 * names the function: c calloc, r realloc, a aligned_alloc, x mallocx, y
 * rallocx; a t before that says that another thread takes the blocks, which
 * then waits.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "calls.h"
#include "check.h"
#include "churn.h"

enum { BLOCK_BYTES = 30000 };

static size_t megabytes = 16;

static size_t
fill_up(size_t bytes)
{
    size_t count = (megabytes << 20) / bytes;
    char **block = calloc(count, sizeof(*block));
    CHECK(block != NULL, "calloc");
    size_t got = 0;
    for (; got < count; got++) {
        errno = 0;
        block[got] = malloc(bytes);
        if (!block[got]) {
            CHECK(errno == ENOMEM, "malloc sets errno %d", errno);
            break;
        }
        memset(block[got], (int)got, bytes);
    }
    for (size_t i = 0; i < got; i++) {
        CHECK(block[i][bytes - 1] == (char)i, "block %zu", i);
        free(block[i]);
    }
    free(block);
    return got * bytes >> 20;
}

/* The least that was got, over sizes that share no class. */
static size_t
fill_up_by_turns(void)
{
    size_t least = SIZE_MAX;

    for (size_t bytes = 2048; bytes <= 65536; bytes = bytes * 5 / 4) {
        size_t got = fill_up(bytes);
        if (got < least)
            least = got;
    }
    return least;
}

/* Takes what memory there is, blocks of every size; gives it back. */
static void **
take_all(void)
{
    void **last = NULL;
    for (size_t bytes = 1 << 20; bytes >= 16; bytes /= 2) {
        void **block;
        while ((block = malloc(bytes)) != NULL) {
            *block = last;
            last = block;
        }
    }
    return last;
}

static void
give_all(void **last)
{
    while (last != NULL) {
        void **next = *last;
        free(last);
        last = next;
    }
}

/* A block that shrinks needs no memory. */
static void
shrink(size_t from, size_t to)
{
    char *block = malloc(from);
    CHECK(block != NULL, "malloc(%zu)", from);
    check_fill(block, to, 1);
    void **all = take_all();
    char *now = realloc(block, to);
    give_all(all);
    CHECK(now != NULL, "realloc(%zu -> %zu)", from, to);
    CHECK(check_filled(now, to, 1), "realloc(%zu -> %zu)", from, to);
    if (calls_has("free_sized"))
        ((void (*)(void *, size_t))calls_find("free_sized"))(now, to);
    else
        free(now);
}

static void
shrink_all(void)
{
    shrink(60000, 20000);
    shrink(65536, 1000);
    shrink(1 << 20, 40000);
    shrink(4000000, 100000);
    shrink(4000000, 100);
}

static void *
work(void *argument)
{
    for (unsigned i = 0; i < 20; i++)
        churn_all_sizes(i);
    return argument;
}

static void
lock_everything(void)
{
    if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
        check_skip("mlockall: %s", strerror(errno));
    pthread_t thread[4];
    for (unsigned i = 0; i < 4; i++)
        thread[i] = check_spawn(work, NULL);
    for (unsigned i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
}

static void
lower_address_space(void)
{
    const struct rlimit half = {.rlim_cur = 512 << 20, .rlim_max = 512 << 20};

    CHECK(setrlimit(RLIMIT_AS, &half) == 0, "setrlimit: %s", strerror(errno));
}

enum { CACHED_BLOCKS = 8 };

struct trade {
    char function; /* 0: malloc */
    size_t bytes;
};

static void *
resize(void *small, void *(*resized)(void *, size_t, int), size_t bytes)
{
    void *block = NULL;

    if (small != NULL)
        block =
            resized != NULL ? resized(small, bytes, 0) : realloc(small, bytes);
    if (block == NULL)
        free(small);
    return block;
}

/* Without jemalloc's functions malloc's do. */
static void *
take(const struct trade *trade)
{
    void *(*placed)(size_t, int) = dlsym(RTLD_DEFAULT, "mallocx");
    void *(*resized)(void *, size_t, int) = dlsym(RTLD_DEFAULT, "rallocx");

    switch (trade->function) {
    case 'c':
        return calloc(1, trade->bytes);
    case 'r':
        return resize(malloc(16), NULL, trade->bytes);
    case 'a':
        return aligned_alloc(256, trade->bytes);
    case 'x':
        return placed != NULL ? placed(trade->bytes, 0) : malloc(trade->bytes);
    case 'y':
        return resize(malloc(16), resized, trade->bytes);
    default:
        return malloc(trade->bytes);
    }
}

/* In megabytes: all that is to be had in such blocks, which are given back. */
static void *
trade_one(void *argument)
{
    struct trade *trade = argument;
    void **last = NULL;
    size_t count = 0;

    for (void **block; (block = take(trade)) != NULL; count++) {
        *block = last;
        last = block;
    }
    CHECK(errno == ENOMEM, "errno is %d", errno);
    give_all(last);
    printf("%zu\n", count * trade->bytes >> 20);
    return argument;
}

static void
limit_further(size_t bytes)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long pages;

    CHECK(file != NULL && fscanf(file, "%lu", &pages) == 1, "statm");
    fclose(file);

    struct rlimit limit = {.rlim_cur = pages * 4096 + bytes,
                           .rlim_max = RLIM_INFINITY};

    CHECK(setrlimit(RLIMIT_AS, &limit) == 0, "setrlimit: %s", strerror(errno));
}

/* Another thread, which is there before the limit and stays. */
static pthread_barrier_t turn;
static struct trade of_other;

static void *
other(void *argument)
{
    for (;;) {
        pthread_barrier_wait(&turn);
        trade_one(&of_other);
        pthread_barrier_wait(&turn);
    }
    return argument;
}

static void
trade_size(const char *word)
{
    bool elsewhere = *word == 't';
    struct trade trade = {0};

    word += elsewhere;
    if (*word > '9')
        trade.function = *word++;
    trade.bytes = strtoul(word, NULL, 10);
    if (!elsewhere) {
        trade_one(&trade);
        return;
    }
    of_other = trade;
    pthread_barrier_wait(&turn);
    pthread_barrier_wait(&turn);
}

static void
fill_cache(void)
{
    void *block[CACHED_BLOCKS];

    for (unsigned i = 0; i < CACHED_BLOCKS; i++)
        CHECK((block[i] = malloc(1 << 20)) != NULL, "malloc");
    for (unsigned i = 0; i < CACHED_BLOCKS; i++)
        free(block[i]);
}

static void
trade_all(int count, char **sizes, bool cached)
{
    pthread_barrier_init(&turn, NULL, 2);
    (void)check_spawn(other, NULL);
    if (cached)
        fill_cache();
    limit_further(megabytes << 20);
    for (int i = 0; i < count; i++)
        trade_size(sizes[i]);
    exit(0);
}

int
main(int argc, char **argv)
{
    if (argc > 1)
        megabytes = strtoul(argv[1], NULL, 10);
    const char *mode = argc > 2 ? argv[2] : "";
    if (strcmp(mode, "trade") == 0 || strcmp(mode, "cached") == 0)
        trade_all(argc - 3, argv + 3, strcmp(mode, "cached") == 0);
    if (strcmp(mode, "lock") == 0)
        lock_everything();
    work(NULL);
    if (strcmp(mode, "shrink") == 0)
        shrink_all();
    if (strcmp(mode, "lower") == 0)
        lower_address_space();
    if (strcmp(mode, "threads") == 0 || strcmp(mode, "lower") == 0) {
        pthread_t thread = check_spawn(work, NULL);
        pthread_join(thread, NULL);
    }
    printf("%zu\n", strcmp(mode, "shift") == 0 ? fill_up_by_turns()
                                               : fill_up(BLOCK_BYTES));
    if (strcmp(mode, "rss") == 0)
        printf("%zu\n", check_rss_bytes());
    fflush(stdout);
    if (strcmp(mode, "abort") == 0)
        abort();
    return 0;
}
