/*
 * steady.c - a program in its steady state, watched or sandboxed.
 *
 *     limits_steady [filter]
 *
 * Between two marks on descriptor 1 it allocates, frees, starts and ends
 * threads. With "filter" every system call that neither this program itself
 * nor the list in interpose/README.md needs kills the process from the first
 * mark on.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "churn.h"

static const unsigned allowed[] = {
    /* midpool's own, as interpose/README.md lists them */
    SYS_mmap,
    SYS_munmap,
    SYS_mprotect,
    SYS_madvise,
    SYS_futex,
    SYS_clock_gettime,
    /* what this program needs: threads, marks, the end */
    SYS_clone3,
    SYS_clone,
    SYS_rseq,
    SYS_set_robust_list,
    SYS_exit,
    SYS_exit_group,
    SYS_write,
    SYS_rt_sigprocmask,
    SYS_sched_yield,
    SYS_gettid,
    SYS_getpid,
    SYS_sigaltstack,
    SYS_rt_sigaction,
};
enum { ALLOWED = sizeof(allowed) / sizeof(allowed[0]) };

static void
forbid_the_rest(void)
{
    struct sock_filter code[2 * ALLOWED + 2];
    unsigned used = 0;
    code[used++] = (struct sock_filter)BPF_STMT(
        BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (unsigned i = 0; i < ALLOWED; i++) {
        code[used++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                                                    allowed[i], 0, 1);
        code[used++] =
            (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    code[used++] =
        (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    struct sock_fprog program = {(unsigned short)used, code};
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        check_skip("no seccomp filters here");
}

static void *
work(void *argument)
{
    for (unsigned i = 0; i < 10; i++)
        churn_all_sizes(i);
    return argument;
}

/* Memory goes up and comes down, so that some of it is given back. */
static void
breathe(void)
{
    enum { COUNT = 1500 };
    static char *block[COUNT];
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < COUNT; i++) {
            block[i] = malloc(2048u << (i % 6));
            CHECK(block[i] != NULL, "malloc");
            memset(block[i], 1, 2048);
        }
        for (unsigned i = 0; i < COUNT; i++)
            free(block[i]);
        malloc_trim(0);
    }
}

static void
mark(const char *text)
{
    CHECK(write(1, text, strlen(text)) > 0, "write");
}

int
main(int argc, char **argv)
{
    (void)argv;
    work(NULL);
    pthread_join(check_spawn(work, NULL), NULL);
    if (argc > 1)
        forbid_the_rest();
    mark("steady begins\n");
    for (unsigned round = 0; round < 5; round++) {
        pthread_t thread[4];
        for (unsigned i = 0; i < 4; i++)
            thread[i] = check_spawn(work, NULL);
        work(NULL);
        breathe();
        for (unsigned i = 0; i < 4; i++)
            pthread_join(thread[i], NULL);
    }
    mark("steady ends\n");
    return 0;
}
