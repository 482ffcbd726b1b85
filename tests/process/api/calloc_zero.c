/*
 * calloc_zero.c - calloc gives zeroes whatever was there before.
 *
 * Dirty blocks of the same size and of another size that shared the slab,
 * purged memory, memory whose purge failed, memory freed by another thread
 * and memory seen by a forked child.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "calls.h"
#include "check.h"

enum { COUNT = 96 };
static void *block[COUNT];

static void
check_zeroes(size_t size, const char *when)
{
    for (unsigned i = 0; i < COUNT; i++) {
        unsigned char *ptr = calloc(1, size);
        CHECK(ptr != NULL, "calloc(%zu)", size);
        for (size_t at = 0; at < size; at++)
            CHECK(ptr[at] == 0, "calloc(%zu) %s: byte %zu is %u", size, when,
                  at, ptr[at]);
        memset(ptr, 0xa5, malloc_usable_size(ptr));
        block[i] = ptr;
    }
}

static void
free_all(void)
{
    for (unsigned i = 0; i < COUNT; i++)
        free(block[i]);
}

static void *
free_all_there(void *unused)
{
    free_all();
    return unused;
}

static void
dirty(size_t size)
{
    for (unsigned i = 0; i < COUNT; i++) {
        block[i] = malloc(size);
        CHECK(block[i] != NULL, "malloc(%zu)", size);
        memset(block[i], 0x5a, malloc_usable_size(block[i]));
    }
    free_all();
}

static void
check_size(size_t size)
{
    dirty(size);
    check_zeroes(size, "recycled");
    free_all();
    malloc_trim(0);
    check_zeroes(size, "after malloc_trim");
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, free_all_there, NULL) == 0, "thread");
    pthread_join(thread, NULL);
    check_zeroes(size, "freed by another thread");
    free_all();
    pid_t child = fork();
    if (child == 0) {
        check_zeroes(size, "in a child");
        _exit(0);
    }
    check_child(child, "calloc in a child");
}

static void
check_other_sizes(void)
{
    for (size_t i = 0; i + 2 < call_size_count; i += 4) {
        dirty(call_sizes[call_size_count - 3 - i]);
        malloc_trim(0);
        check_zeroes(call_sizes[i], "after another size");
        free_all();
    }
}

static void
refuse_madvise(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {4, code};
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        check_skip("no seccomp filters here");
}

static void
check_sizes(void)
{
    static const size_t sizes[] = {100,   2047,  2048,  2049,  4096,  5000,
                                   16384, 20000, 65535, 65536, 65537, 300000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        check_size(sizes[i]);
    check_other_sizes();
}

int
main(void)
{
    check_sizes();
    refuse_madvise();
    check_sizes();
    return 0;
}
