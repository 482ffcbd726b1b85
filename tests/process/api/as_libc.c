/*
 * as_libc.c - the answers that differ between glibc's releases are those of
 * the libc that is there: aligned_alloc's to an odd alignment (refused from
 * 2.38 on), and mallopt's (any value for M_MXFAST from 2.43 on). libc's own
 * functions, found past a preloaded library, are the judge.
 */
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#include "check.h"

static void *libc;

static void *
find(const char *name)
{
    void *function = dlsym(libc, name);
    CHECK(function != NULL, "libc has no %s", name);
    return function;
}

/* Gives errno if there was no block, or 0. */
static int
answer(void *(*get)(size_t, size_t), void (*put)(void *), size_t align)
{
    errno = 0;
    void *block = get(check_opaque(align), 5000);
    int error = errno;
    put(block);
    CHECK((block == NULL) == (error != 0), "errno %d with %p", error, block);
    return error;
}

static void
check_aligned(const char *name, void *(*get)(size_t, size_t))
{
    static const size_t aligns[] = {0,
                                    1,
                                    2,
                                    3,
                                    8,
                                    24,
                                    48,
                                    100,
                                    4095,
                                    4096,
                                    4097,
                                    65536,
                                    SIZE_MAX,
                                    SIZE_MAX / 2 + 1,
                                    SIZE_MAX / 2 + 2};
    void *(*judge)(size_t, size_t) = (void *(*)(size_t, size_t))find(name);
    void (*judge_put)(void *) = (void (*)(void *))find("free");
    for (size_t i = 0; i < sizeof(aligns) / sizeof(aligns[0]); i++) {
        int got = answer(get, free, aligns[i]);
        int wanted = answer(judge, judge_put, aligns[i]);
        CHECK(got == wanted, "%s(%zu): errno %d, libc %d", name, aligns[i], got,
              wanted);
    }
}

/* Parameters whose value glibc tests, or that none of its releases knows. */
static void
check_mallopt(void)
{
    static const int parameters[] = {M_MXFAST, M_TOP_PAD, 123456, 0};
    static const int values[] = {0, 1, 100, 159, 160, 161, 1000000, -1};
    int (*judge)(int, int) = (int (*)(int, int))find("mallopt");
    for (size_t p = 0; p < sizeof(parameters) / sizeof(parameters[0]); p++) {
        for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
            int got = mallopt(parameters[p], values[v]);
            int wanted = judge(parameters[p], values[v]);
            CHECK(got == wanted, "mallopt(%d, %d) = %d, libc's %d",
                  parameters[p], values[v], got, wanted);
        }
    }
}

int
main(void)
{
    libc = dlopen("libc.so.6", RTLD_NOW);
    CHECK(libc != NULL, "no libc");
    check_aligned("aligned_alloc", aligned_alloc);
    check_aligned("memalign", memalign);
    check_mallopt();
    return 0;
}
