/*
 * errno_kept.c - releasing keeps errno, also when the kernel refuses.
 *
 * First as it is; then with a seccomp filter under which every munmap and
 * madvise fails with ENOMEM, so that whatever a free gives back fails.
 * Successful allocation has to keep errno as well in practice: programs
 * test errno after calls that allocate inside.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "calls.h"
#include "check.h"

enum { MARK = 12345 };

static void
check_all_calls(void)
{
    for (const struct alloc_call *from = alloc_calls; from->name; from++) {
        if (!calls_has(from->name))
            continue;
        for (const struct free_call *to = free_calls; to->name; to++) {
            if (!calls_has(to->name) || !calls_match(from, to))
                continue;
            for (size_t i = 0; i < call_size_count; i += 3) {
                void *ptr = from->get(call_sizes[i]);
                CHECK(ptr != NULL, "%s(%zu)", from->name, call_sizes[i]);
                errno = MARK;
                to->put(ptr, call_sizes[i], from->align);
                CHECK(errno == MARK, "%s(%zu) then %s sets errno", from->name,
                      call_sizes[i], to->name);
            }
        }
    }
}

static void
check_success_keeps(void)
{
    for (const struct alloc_call *from = alloc_calls; from->name; from++) {
        if (!calls_has(from->name))
            continue;
        for (size_t i = 0; i < call_size_count; i++) {
            errno = MARK;
            void *ptr = from->get(call_sizes[i]);
            CHECK(ptr != NULL && errno == MARK, "%s(%zu) sets errno",
                  from->name, call_sizes[i]);
            free(ptr);
        }
    }
}

/* Many blocks at once, then all freed: caches overflow, memory is purged. */
static void
check_bulk(size_t size)
{
    enum { COUNT = 400 };
    static void *block[COUNT];
    for (unsigned i = 0; i < COUNT; i++) {
        block[i] = malloc(size);
        CHECK(block[i] != NULL, "malloc(%zu)", size);
        check_fill(block[i], size < 4096 ? size : 4096, i);
    }
    errno = MARK;
    for (unsigned i = 0; i < COUNT; i++)
        free(block[i]);
    CHECK(errno == MARK, "bulk free of %zu sets errno", size);
    malloc_trim(0);
}

static void
check_everything(void)
{
    check_all_calls();
    check_bulk(100);
    check_bulk(2048);
    check_bulk(16384);
    check_bulk(65536);
    check_bulk(300000);
}

static void
refuse_giving_back(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_munmap, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOMEM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {5, code};
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        check_skip("no seccomp filters here");
}

int
main(void)
{
    calls_init();
    check_success_keeps();
    check_everything();
    refuse_giving_back();
    check_everything();
    return 0;
}
