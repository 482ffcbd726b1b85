/*
 * stress.c - everything at once, with verified contents, preloaded.
 *
 *   stress SECONDS [THREADS]      (MIDPOOL_SOAK=1: an hour)
 *
 * Threads take blocks of all sizes by every call, resize them, hand them to
 * one another, end in the middle and are started anew. Meanwhile the process
 * forks, is sent signals whose handler allocates (unless it interrupted an
 * allocator's call, as POSIX asks of it), and returns memory. A block carries
 * a pattern over its beginning, its middle and its end from the call that made
 * it to the one that frees it, in whatever thread or child.
 */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

enum {
    THREADS_MAX = 256,
    KEEP = 24,
    POSTS = 128,
    EDGE_BYTES = 96,
    LIFE_MAX = 4000,
    SOAK_SECONDS = 3600,
};

struct block {
    unsigned char *ptr;
    size_t bytes;
    unsigned seed;
};

/* The blocks of a thread; mail is a block of its own that describes another. */
struct worker {
    pthread_t thread;
    uint64_t random;
    struct block block[KEEP];
    atomic_bool over;
};

static struct worker worker[THREADS_MAX];
static _Atomic(struct block *) post[POSTS];
static atomic_bool stopping;
static atomic_ulong verified;
static atomic_ulong signals;

/* The thread is inside an allocator's call: a handler must not make one. */
static __thread volatile sig_atomic_t inside;

#define INSIDE(call) (inside = 1, (call), (void)(inside = 0))

static size_t
edge(size_t bytes)
{
    return bytes < EDGE_BYTES ? bytes : EDGE_BYTES;
}

static void
fill(struct block *block)
{
    size_t part = edge(block->bytes);

    check_fill(block->ptr + (block->bytes - part) / 2, part, block->seed + 1);
    check_fill(block->ptr + block->bytes - part, part, block->seed + 2);
    check_fill(block->ptr, part, block->seed);
}

/* Of a small block's parts that overlap, the last one written remains. */
static void
verify(const struct block *block)
{
    size_t part = edge(block->bytes);

    CHECK(check_filled(block->ptr, part, block->seed), "begin of %zu bytes",
          block->bytes);
    if (block->bytes < 4 * EDGE_BYTES)
        return;
    CHECK(check_filled(block->ptr + (block->bytes - part) / 2, part,
                       block->seed + 1),
          "middle of %zu bytes", block->bytes);
    CHECK(check_filled(block->ptr + block->bytes - part, part, block->seed + 2),
          "end of %zu bytes", block->bytes);
}

static void
drop(struct block *block)
{
    if (block->ptr == NULL)
        return;
    verify(block);
    INSIDE(free(block->ptr));
    block->ptr = NULL;
    atomic_fetch_add_explicit(&verified, 1, memory_order_relaxed);
}

static size_t
draw_size(uint64_t *random)
{
    uint64_t draw = check_random(random);

    if (draw % 16 == 0)
        return 1 + (draw >> 8) % 300000;
    if (draw % 16 < 4)
        return 1 + (draw >> 8) % 2047;
    return 2048 + (draw >> 8) % (((size_t)2048 << draw / 16 % 6) - 2047);
}

static void *
take_aligned(size_t bytes, uint64_t draw)
{
    size_t align = (size_t)16 << draw % 10;
    void *ptr = NULL;

    if (draw / 16 % 3 == 0)
        ptr = memalign(align, bytes);
    else if (draw / 16 % 3 == 1)
        ptr = aligned_alloc(align, bytes);
    else
        CHECK(posix_memalign(&ptr, align, bytes) == 0, "posix_memalign");
    CHECK((uintptr_t)ptr % align == 0, "%p for %zu", ptr, align);
    return ptr;
}

static void *
take_any(size_t bytes, uint64_t draw)
{
    if (draw % 8 == 0)
        return take_aligned(bytes, draw >> 8);
    return draw % 8 == 1 ? calloc(1, bytes) : malloc(bytes);
}

static void
take(struct block *block, uint64_t *random)
{
    uint64_t draw = check_random(random);
    size_t bytes = draw_size(random);

    INSIDE(block->ptr = take_any(bytes, draw));
    CHECK(block->ptr != NULL, "%zu bytes", bytes);
    CHECK(malloc_usable_size(block->ptr) >= bytes, "usable size");
    for (size_t i = 0; draw % 8 == 1 && i < bytes; i++)
        CHECK(block->ptr[i] == 0, "calloc(%zu) at %zu", bytes, i);
    block->bytes = bytes;
    block->seed = (unsigned)(draw >> 20);
    fill(block);
}

static void
resize(struct block *block, uint64_t *random)
{
    size_t bytes = draw_size(random);
    size_t kept = edge(bytes < block->bytes ? bytes : block->bytes);

    verify(block);
    INSIDE(block->ptr = realloc(block->ptr, bytes));
    CHECK(block->ptr != NULL, "realloc to %zu", bytes);
    /* The pattern's beginning starts like a shorter one. */
    CHECK(check_filled(block->ptr, kept, block->seed), "realloc %zu to %zu",
          block->bytes, bytes);
    block->bytes = bytes;
    fill(block);
}

static void
hand_over(struct block *block, uint64_t *random)
{
    struct block *mail;
    struct block *other;

    INSIDE(mail = malloc(sizeof(*mail)));

    CHECK(mail != NULL, "mail");
    *mail = *block;
    other = atomic_exchange(&post[check_random(random) % POSTS], mail);
    block->ptr = NULL;
    if (other == NULL)
        return;
    drop(other);
    INSIDE(free(other));
}

static void
step(struct worker *self)
{
    uint64_t draw = check_random(&self->random);
    struct block *block = &self->block[draw / 64 % KEEP];

    errno = 0;
    if (block->ptr == NULL)
        take(block, &self->random);
    else if (draw % 8 == 0)
        resize(block, &self->random);
    else if (draw % 8 == 1)
        hand_over(block, &self->random);
    else
        drop(block);
    CHECK(errno == 0, "errno is %d", errno);
    if (draw % 4096 == 0)
        INSIDE(malloc_trim(0));
}

/* The child allocates and frees, the parent's blocks as well, and ends. */
static void
live_as_child(struct worker *self)
{
    alarm(CHECK_PATIENCE_SECONDS);
    for (unsigned i = 0; i < 300; i++)
        step(self);
    for (unsigned i = 0; i < KEEP; i++)
        drop(&self->block[i]);
    _exit(0);
}

static void
fork_once(struct worker *self)
{
    pid_t child;

    INSIDE(child = fork());
    CHECK(child >= 0 || errno == EAGAIN || errno == ENOMEM, "fork");
    if (child == 0)
        live_as_child(self);
    if (child > 0)
        check_child(child, "a forked child");
}

static void *
work(void *argument)
{
    struct worker *self = argument;
    unsigned life = 1 + (unsigned)check_random(&self->random) % LIFE_MAX;

    while (life-- > 0 && !atomic_load(&stopping)) {
        step(self);
        if (check_random(&self->random) % 20000 == 0)
            fork_once(self);
    }
    /* Some are left for whoever gets the place. */
    for (unsigned i = 0; i < KEEP / 2; i++)
        drop(&self->block[i]);
    atomic_store(&self->over, true);
    return NULL;
}

/* Pairs, last first, as a profiler's handler would. */
static void
on_signal(int number)
{
    int kept = errno;
    struct block one = {NULL, 3000, 5};
    struct block two = {NULL, 20000, 6};

    (void)number;
    if (inside)
        return;
    one.ptr = malloc(one.bytes);
    two.ptr = malloc(two.bytes);
    if (one.ptr != NULL && two.ptr != NULL) {
        fill(&one);
        fill(&two);
        verify(&two);
        verify(&one);
    }
    free(two.ptr);
    free(one.ptr);
    atomic_fetch_add(&signals, 1);
    errno = kept;
}

static void
renew(struct worker *at)
{
    if (!atomic_load(&at->over))
        return;
    pthread_join(at->thread, NULL);
    atomic_store(&at->over, false);
    at->thread = check_spawn(work, at);
}

static void
finish(unsigned threads)
{
    atomic_store(&stopping, true);
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(worker[i].thread, NULL);
        for (unsigned k = 0; k < KEEP; k++)
            drop(&worker[i].block[k]);
    }
    for (unsigned i = 0; i < POSTS; i++) {
        struct block *mail = atomic_load(&post[i]);

        if (mail != NULL)
            drop(mail);
        free(mail);
    }
}

int
main(int argc, char **argv)
{
    unsigned seconds =
        check_rounds(argc > 1 ? (unsigned)atoi(argv[1]) : 20, SOAK_SECONDS);
    unsigned threads = argc > 2 ? (unsigned)atoi(argv[2]) : 64;
    time_t end = time(NULL) + seconds;
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    uint64_t random = 4711;

    CHECK(threads <= THREADS_MAX, "too many threads");
    sigaction(SIGUSR1, &action, NULL);
    for (unsigned i = 0; i < threads; i++) {
        worker[i].random = 1000 + i;
        worker[i].thread = check_spawn(work, &worker[i]);
    }
    while (time(NULL) < end) {
        unsigned at = (unsigned)check_random(&random) % threads;

        renew(&worker[at]);
        /* glibc's malloc does not survive a handler that allocates. */
        if (check_preloaded())
            pthread_kill(worker[at].thread, SIGUSR1);
        usleep(500);
    }
    finish(threads);
    printf("%lu blocks verified, %lu signals\n", atomic_load(&verified),
           atomic_load(&signals));
    return 0;
}
