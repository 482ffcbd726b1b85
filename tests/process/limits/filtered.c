/*
 * filtered.c - a program that sets a seccomp filter, works and ends.
 *
 *     limits_filtered strict|careful|errors|replaced|faults [syscall] [FILE]
 *
 * strict    memory calls, futex, write and the end; the rest kills
 * careful   what makes a write careful is allowed as well
 * errors    as sshd's: looking at files is refused with EACCES
 * replaced  looking kills, dup2 does not: FILE becomes descriptor 2
 * faults    as strict, and a handler may return: a write beyond a buffer
 *
 * With "syscall" the filter is set by seccomp(2), else by prctl.
 */
#include <errno.h>
#include <fcntl.h>
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

enum { CODE_MAX = 80, HELD_BYTES = 8192 };

static struct sock_filter code[CODE_MAX];
static unsigned short used;

static void
add(struct sock_filter instruction)
{
    code[used++] = instruction;
}

static void
answer(const int *numbers, size_t count, unsigned action)
{
    for (size_t i = 0; i < count; i++) {
        add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                                         (unsigned)numbers[i], 0, 1));
        add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
    }
}
#define ANSWER(numbers, action)                                                \
    answer(numbers, sizeof(numbers) / sizeof(numbers)[0], action)

static void
make_code(const char *mode)
{
    static const int always[] = {SYS_mmap,  SYS_munmap, SYS_mprotect,
                                 SYS_futex, SYS_write,  SYS_exit_group};
    static const int careful[] = {
        SYS_newfstatat,    SYS_fstat,           SYS_rt_sigprocmask,
        SYS_rt_sigpending, SYS_rt_sigtimedwait, SYS_getpid,
        SYS_getppid,       SYS_getsid,          SYS_getrusage,
#ifdef SYS_poll
        SYS_poll,
#endif
        SYS_ppoll,         SYS_madvise};
    static const int filing[] = {
#ifdef SYS_rename
        SYS_rename,
        SYS_unlink,
        SYS_readlink,
#endif
        SYS_renameat,
        SYS_unlinkat,
        SYS_readlinkat,
        SYS_openat,
        SYS_read,
        SYS_close,
        SYS_getdents64,
        SYS_renameat2,
        SYS_getrandom,
        SYS_clone,
        SYS_wait4,
        SYS_gettid,
        SYS_set_robust_list,
        SYS_clock_nanosleep,
        SYS_clock_gettime,
    };
    static const int looking[] = {SYS_newfstatat, SYS_fstat, SYS_openat};
    static const int returning[] = {SYS_rt_sigreturn};
    static const int near[] = {SYS_rt_sigprocmask, SYS_close, SYS_getpid};
    static const int replacing[] = {SYS_dup3,
#ifdef SYS_dup2
                                    SYS_dup2,
#endif
                                    SYS_rt_sigprocmask};

    add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                     offsetof(struct seccomp_data, nr)));
    ANSWER(always, SECCOMP_RET_ALLOW);
    if (strcmp(mode, "careful") == 0 || strcmp(mode, "files") == 0)
        ANSWER(careful, SECCOMP_RET_ALLOW);
    if (strcmp(mode, "files") == 0)
        ANSWER(filing, SECCOMP_RET_ALLOW);
    if (strcmp(mode, "errors") == 0) {
        ANSWER(looking, SECCOMP_RET_ERRNO | EACCES);
        ANSWER(near, SECCOMP_RET_ALLOW);
    }
    if (strcmp(mode, "faults") == 0)
        ANSWER(returning, SECCOMP_RET_ALLOW);
    if (strcmp(mode, "replaced") == 0)
        ANSWER(replacing, SECCOMP_RET_ALLOW);
    add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
                                     SECCOMP_RET_KILL_PROCESS));
}

static void
set_filter(bool by_syscall)
{
    struct sock_fprog program = {used, code};

    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
    if (by_syscall
            ? syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0
            : prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        check_skip("no seccomp filters here");
}

/* Enough that slabs are mapped and memory would be given back. */
static void
work(void)
{
    enum { COUNT = 1500 };
    static char *block[COUNT];

    churn_all_sizes(2);
    for (unsigned i = 0; i < COUNT; i++) {
        block[i] = malloc(2048u << (i % 12));
        CHECK(block[i] != NULL, "malloc");
        memset(block[i], 1, 2048);
    }
    for (unsigned i = 0; i < COUNT; i++)
        free(block[i]);
    malloc_trim(0);
}

static void
fork_child(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        work();
        exit(0);
    }
    check_child(pid, "child");
}

int
main(int argc, char **argv)
{
    bool by_syscall = argc > 2 && strcmp(argv[2], "syscall") == 0;
    volatile char *held;
    int fd = -1;

    CHECK(argc > 1, "usage: filtered MODE [syscall] [FILE]");
    churn_all_sizes(1);
    held = malloc(check_opaque(HELD_BYTES));
    if (argc > 2 && !by_syscall)
        fd = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0600);
    make_code(argv[1]);
    set_filter(by_syscall);
    work();
    if (strcmp(argv[1], "faults") == 0)
        held[check_opaque(HELD_BYTES)] = 1;
    free((void *)held);
    if (strcmp(argv[1], "files") == 0)
        fork_child();
    if (fd >= 0)
        CHECK(dup2(fd, 2) == 2, "dup2");
    return 0;
}
