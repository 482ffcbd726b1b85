/*
 * inherited.c - a program that is started under a seccomp filter.
 *
 *     limits_inherited
 *
 * Sets a filter that kills for mincore and for advice on huge pages, starts
 * itself anew under it, and fills 128 MB of buffers, as much as makes the pools
 * think of huge pages. The filter is not the new process's own: there is no
 * way to read it.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"

enum { BYTES = 16384, COUNT = (128 << 20) / BYTES };

#define KILL BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define LOAD(field)                                                            \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define SKIP_UNLESS(value, count)                                              \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count)

static void
set_filter(void)
{
    static struct sock_filter code[] = {
        LOAD(nr),      SKIP_UNLESS(SYS_mincore, 1),
        KILL,          SKIP_UNLESS(SYS_madvise, 5),
        LOAD(args[2]), SKIP_UNLESS(MADV_HUGEPAGE, 1),
        KILL,          SKIP_UNLESS(MADV_NOHUGEPAGE, 1),
        KILL,          ALLOW,
    };
    struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        check_skip("no seccomp filters here");
}

static void
fill(void)
{
    for (unsigned i = 0; i < COUNT; i++) {
        char *buffer = malloc(BYTES);

        CHECK(buffer != NULL, "malloc");
        memset(buffer, 1, BYTES);
    }
}

int
main(int argc, char **argv)
{
    if (argc == 1) {
        set_filter();
        execl("/proc/self/exe", argv[0], "fill", (char *)NULL);
        CHECK(0, "exec");
    }
    fill();
    return 0;
}
