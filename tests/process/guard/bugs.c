/*
 * bugs.c - one mistake with a buffer of the band, as its arguments say.
 *
 *     bugs MISTAKE BYTES [thread]    makes the mistake, in another thread
 *     bugs many COUNT                COUNT children, each with 100 buffers and
 *                                    a mistake with each; prints how many of
 *                                    them ended by SIGSEGV
 *
 * A mistake that goes unnoticed ends with status 0, after the buffer is freed.
 */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BUFFERS = 100, FAR = 4096 };

static const struct mistake {
    const char *name;
    long beyond; /* of the end, or before the start */
    bool before, freed, reads, twice;
} mistakes[] = {
    {.name = "write_1", .beyond = 0},
    {.name = "write_16", .beyond = 15},
    {.name = "write_4096", .beyond = FAR - 1},
    {.name = "read", .beyond = 0, .reads = true},
    {.name = "read_4096", .beyond = FAR - 1, .reads = true},
    {.name = "under_write", .beyond = -1, .before = true},
    {.name = "under_16", .beyond = -16, .before = true},
    {.name = "under_4096", .beyond = -FAR, .before = true},
    {.name = "under_read", .beyond = -1, .before = true, .reads = true},
    {.name = "freed_write", .before = true, .freed = true, .beyond = 100},
    {.name = "freed_read", .before = true, .freed = true, .reads = true},
    {.name = "double", .before = true, .freed = true, .twice = true},
};

enum { MISTAKES = sizeof mistakes / sizeof mistakes[0] };

struct work {
    const struct mistake *mistake;
    size_t bytes;
    char *buffer;
};

static void *
allocate(void *argument)
{
    struct work *work = argument;

    work->buffer = malloc(work->bytes);
    if (work->buffer == NULL)
        abort();
    memset(work->buffer, 1, work->bytes);
    return NULL;
}

static void *
release(void *argument)
{
    struct work *work = argument;

    free(work->buffer);
    return NULL;
}

static void *
misuse(void *argument)
{
    const struct work *work = argument;
    const struct mistake *mistake = work->mistake;
    volatile char *at = work->buffer + mistake->beyond +
                        (mistake->before ? 0 : (long)work->bytes);

    if (mistake->twice)
        free(work->buffer);
    else if (mistake->reads)
        (void)*at;
    else
        *at = 7;
    return NULL;
}

/* Each step in a thread of its own, or all in this one. */
static void
step(bool threads, void *(*function)(void *), struct work *work)
{
    pthread_t thread;

    if (!threads)
        function(work);
    else if (pthread_create(&thread, NULL, function, work) != 0 ||
             pthread_join(thread, NULL) != 0)
        abort();
}

static void
make(struct work *work, bool threads)
{
    step(threads, allocate, work);
    if (work->mistake->freed)
        step(threads, release, work);
    step(threads, misuse, work);
    if (!work->mistake->freed)
        step(threads, release, work);
}

/*
 * Mistakes that do no harm to a buffer that is not guarded. Before the first
 * one of a slab there may be nothing.
 */
static const char *const harmless[] = {"write_1", "read", "freed_write",
                                       "freed_read"};

static const struct mistake *
find(const char *name)
{
    for (unsigned i = 0; i < MISTAKES; i++) {
        if (strcmp(mistakes[i].name, name) == 0)
            return &mistakes[i];
    }
    abort();
}

static void
be_child(unsigned number)
{
    struct work work = {
        .mistake =
            find(harmless[number % (sizeof harmless / sizeof *harmless)]),
        .bytes = 4096,
    };

    for (int i = 0; i < BUFFERS; i++)
        make(&work, false);
    _exit(0);
}

static void
make_many(unsigned count)
{
    static const struct rlimit none = {0, 0};
    unsigned caught = 0;

    setrlimit(RLIMIT_CORE, &none);
    for (unsigned i = 0; i < count; i++) {
        pid_t child = fork();
        int status;

        if (child == 0)
            be_child(i);
        if (child < 0 || waitpid(child, &status, 0) != child)
            abort();
        if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV)
            caught++;
        else if (status != 0)
            abort();
    }
    printf("%u\n", caught);
}

int
main(int count, char **words)
{
    struct work work;

    if (count == 3 && strcmp(words[1], "many") == 0) {
        make_many((unsigned)atoi(words[2]));
        return 0;
    }
    if (count < 3)
        return 2;
    work.mistake = find(words[1]);
    work.bytes = strtoul(words[2], NULL, 10);
    make(&work, count > 3);
    return 0;
}
