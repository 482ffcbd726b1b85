/*
 * misuse.c - one mistake of a program, chosen by name.
 *
 *     misuse KIND [SIZE]
 *
 * Prints the pointer that is misused, makes the mistake and, if the process
 * is still there, checks that nothing is handed out twice and that the heap
 * works; then it prints "survived".
 */
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "check.h"
#include "churn.h"

enum { MANY = 500 };

static size_t size = 5000;

static void
say(const char *format, const void *ptr)
{
    char line[80];
    int bytes = snprintf(line, sizeof(line), format, ptr);
    ssize_t ignored = write(1, line, (size_t)bytes);
    (void)ignored;
}

static char *
take(void)
{
    char *ptr = malloc(size);
    CHECK(ptr != NULL, "malloc(%zu)", size);
    memset(ptr, 0x11, size);
    return ptr;
}

/* So that freed blocks go through magazines and depot. */
static void
fill_and_empty(void)
{
    static char *block[MANY];
    for (unsigned i = 0; i < MANY; i++)
        block[i] = take();
    for (unsigned i = 0; i < MANY; i++)
        free(block[i]);
}

static void
double_free(void)
{
    char *ptr = take();
    say("pointer %p\n", ptr);
    free(ptr);
    free(ptr);
}

/* A program that goes wrong in a loop. */
static void
double_free_often(void)
{
    char *ptr = take();
    say("pointer %p\n", ptr);
    free(ptr);
    for (unsigned i = 0; i < MANY; i++)
        free(ptr);
}

/* Freed, then many others: the first free is long ago. */
static void
double_late(void)
{
    char *ptr = take();
    char *keep = take();
    say("pointer %p\n", ptr);
    free(ptr);
    free(keep);
    fill_and_empty();
    free(ptr);
}

static void *
free_there(void *ptr)
{
    free(ptr);
    return NULL;
}

static void
double_other_thread(void)
{
    char *ptr = take();
    say("pointer %p\n", ptr);
    free(ptr);
    pthread_join(check_spawn(free_there, ptr), NULL);
}

static pthread_barrier_t freed;

static void *
free_and_wait(void *ptr)
{
    free(ptr);
    pthread_barrier_wait(&freed);
    pause();
    return NULL;
}

/* The buffer sits in the cache of another, living thread. */
static void
double_cached_elsewhere(void)
{
    char *ptr = take();
    say("pointer %p\n", ptr);
    pthread_barrier_init(&freed, NULL, 2);
    pthread_detach(check_spawn(free_and_wait, ptr));
    pthread_barrier_wait(&freed);
    free(ptr);
}

static void
double_purged(void)
{
    char *ptr = take();
    say("pointer %p\n", ptr);
    fill_and_empty();
    free(ptr);
    malloc_trim(0);
    if (calls_has("midpool_purge"))
        ((void (*)(void))calls_find("midpool_purge"))();
    free(ptr);
}

static void
double_realloc(void)
{
    char *ptr = take();
    say("pointer %p\n", ptr);
    char *moved = realloc(ptr, 200000);
    CHECK(moved != NULL && moved != ptr, "realloc");
    free(ptr);
}

static void
interior(void)
{
    char *ptr = take();
    say("pointer %p\n", ptr + 16);
    free(ptr + 16);
}

static void
misaligned(void)
{
    char *ptr = take();
    say("pointer %p\n", ptr + 1);
    free(ptr + 1);
}

/* The middle of a buffer that is free itself. */
static void
interior_of_freed(void)
{
    char *ptr = take();
    say("pointer %p\n", ptr + 128);
    free(ptr);
    free(ptr + 128);
}

/* Pool memory that was never handed out: far behind the last buffer. */
static void
wild(void)
{
    char *ptr = take() + (1 << 30);
    say("pointer %p\n", ptr);
    free(ptr);
}

static void
realloc_freed(void)
{
    char *ptr = take();
    say("pointer %p\n", ptr);
    free(ptr);
    CHECK(realloc(ptr, 20000) == NULL, "realloc of freed memory");
}

static void
usable_freed(void)
{
    char *ptr = take();
    say("pointer %p\n", ptr);
    free(ptr);
    CHECK(malloc_usable_size(ptr) == 0, "usable size of freed memory");
}

static void
sized_wrong(void)
{
    void (*put)(void *, size_t) =
        (void (*)(void *, size_t))calls_find("_ZdlPvm");
    char *ptr = take();
    say("pointer %p\n", ptr);
    put(ptr, size * 2);
}

static void
sized_outside(void)
{
    void (*put)(void *, size_t) =
        (void (*)(void *, size_t))calls_find("free_sized");
    char *ptr = take();
    say("pointer %p\n", ptr);
    put(ptr, 100);
}

/* delete of what new char[size] got: a sized delete of one byte. */
static void
sized_array(void)
{
    void *(*get)(size_t) = (void *(*)(size_t))calls_find("_Znam");
    void (*put)(void *, size_t) =
        (void (*)(void *, size_t))calls_find("_ZdlPvm");
    char *ptr = get(size);
    say("pointer %p\n", ptr);
    put(ptr, 1);
}

/* Seen with check_fill: reported when the buffer is handed out again. */
static void
write_after_free(void)
{
    char *ptr = take();
    say("pointer %p\n", ptr);
    free(ptr);
    ptr[1234] = 0x77;
    for (unsigned i = 0; i < MANY; i++)
        take();
}

static sigjmp_buf outside;

static void
leave(int number)
{
    (void)number;
    siglongjmp(outside, 1);
}

/* The program handles SIGABRT and goes on: its thread is served as before. */
static void
write_after_free_left(void)
{
    static volatile unsigned left;

    signal(SIGABRT, leave);
    if (sigsetjmp(outside, 1) == 0)
        write_after_free();
    else
        left++;
    CHECK(left == 1, "SIGABRT comes once, not %u times", left);
}

/* Seen with zero:free: nothing of it is left. */
static void
read_after_free(void)
{
    char *ptr = take();
    say("pointer %p\n", ptr);
    free(ptr);
    for (size_t i = 0; i < size; i++)
        CHECK(ptr[i] == 0, "byte %zu is %#x", i, (unsigned)ptr[i]);
}

/* Nothing is wrong: neither may anything be said. */
static void
nothing(void)
{
    say("pointer %p\n", NULL);
    fill_and_empty();
}

static const struct {
    const char *name;
    void (*run)(void);
} mistakes[] = {
    {"double", double_free},
    {"double_often", double_free_often},
    {"double_late", double_late},
    {"double_other_thread", double_other_thread},
    {"double_cached_elsewhere", double_cached_elsewhere},
    {"double_purged", double_purged},
    {"double_realloc", double_realloc},
    {"interior", interior},
    {"interior_of_freed", interior_of_freed},
    {"misaligned", misaligned},
    {"wild", wild},
    {"realloc_freed", realloc_freed},
    {"usable_freed", usable_freed},
    {"sized_wrong", sized_wrong},
    {"sized_outside", sized_outside},
    {"sized_array", sized_array},
    {"write_after_free", write_after_free},
    {"write_after_free_left", write_after_free_left},
    {"read_after_free", read_after_free},
    {"nothing", nothing},
};

static int
by_address(const void *left, const void *right)
{
    char *const *a = left;
    char *const *b = right;
    return (*a > *b) - (*a < *b);
}

/* Nothing is handed out twice, whatever happened. */
static void
check_heap(void)
{
    static char *block[4 * MANY];
    for (unsigned i = 0; i < 4 * MANY; i++) {
        block[i] = take();
        memset(block[i], (int)i, size);
    }
    qsort(block, 4 * MANY, sizeof(block[0]), by_address);
    for (unsigned i = 1; i < 4 * MANY; i++)
        CHECK(block[i] >= block[i - 1] + size, "%p and %p overlap",
              (void *)block[i - 1], (void *)block[i]);
    for (unsigned i = 0; i < 4 * MANY; i++)
        free(block[i]);
    churn_all_sizes(1);
}

int
main(int argc, char **argv)
{
    CHECK(argc >= 2, "usage: misuse KIND [SIZE]");
    if (argc > 2)
        size = strtoul(argv[2], NULL, 10);
    calls_init();
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        if (strcmp(argv[1], mistakes[i].name) != 0)
            continue;
        mistakes[i].run();
        check_heap();
        say("survived %p\n", NULL);
        return 0;
    }
    check_skip("no mistake called %s", argv[1]);
}
