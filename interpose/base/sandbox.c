/* sandbox.c - see sandbox.h. */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "filter.h"
#include "os.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#else
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

enum { ALL_CALLS = (1 << SANDBOX_CALLS) - 1 };

static _Atomic unsigned allowed = ALL_CALLS;

struct example {
    enum sandbox_call call;
    int number;
    uint64_t arguments[3];
};

/* A call is allowed if all of its examples are. */
static const struct example needed[] = {
    {SANDBOX_WRITE, SYS_write, {2}},
    {SANDBOX_STAT, SYS_fstat, {2}},
    {SANDBOX_STAT, SYS_newfstatat, {2}},
    {SANDBOX_MASK, SYS_rt_sigprocmask, {0}},
    {SANDBOX_PENDING, SYS_rt_sigpending, {0}},
    {SANDBOX_TAKE, SYS_rt_sigtimedwait, {0}},
#ifdef SYS_poll
    {SANDBOX_POLL, SYS_poll, {0}},
#else
    {SANDBOX_POLL, SYS_ppoll, {0}},
#endif
    {SANDBOX_IDENTITY, SYS_getpid, {0}},
    {SANDBOX_IDENTITY, SYS_getppid, {0}},
    {SANDBOX_IDENTITY, SYS_getsid, {0}},
    {SANDBOX_SLEEP, SYS_clock_nanosleep, {0}},
    {SANDBOX_USAGE, SYS_getrusage, {RUSAGE_SELF}},
    {SANDBOX_LEARN, SYS_rt_sigaction, {13}},
    {SANDBOX_LEARN, SYS_prlimit64, {0}},
    {SANDBOX_TERMINAL, SYS_ioctl, {2, TIOCGWINSZ}},
    {SANDBOX_DUP, SYS_fcntl, {2, F_DUPFD_CLOEXEC}},
    {SANDBOX_DUP, SYS_close, {3}},
    {SANDBOX_ADVISE, SYS_madvise, {0, 0, MADV_NOHUGEPAGE}},
    {SANDBOX_PURGE, SYS_madvise, {0, 0, MADV_DONTNEED}},
    {SANDBOX_UNMAP, SYS_munmap, {0}},
    {SANDBOX_TRIAL, SYS_madvise, {0, 0, MADV_HUGEPAGE}},
    {SANDBOX_TRIAL, SYS_madvise, {0, 0, MADV_NOHUGEPAGE}},
    {SANDBOX_TRIAL, SYS_mincore, {0}},
    {SANDBOX_STACK, SYS_sigaltstack, {0}},
    {SANDBOX_FILES, SYS_openat, {(uint64_t)AT_FDCWD}},
    {SANDBOX_FILES, SYS_fstat, {3}},
    {SANDBOX_FILES, SYS_newfstatat, {(uint64_t)AT_FDCWD}},
    {SANDBOX_FILES, SYS_close, {3}},
    {SANDBOX_FILES, SYS_read, {3}},
    {SANDBOX_FILES, SYS_write, {3}},
    {SANDBOX_FILES, SYS_getdents64, {3}},
    {SANDBOX_FILES, SYS_getrandom, {0}},
#ifdef SYS_rename
    {SANDBOX_FILES, SYS_rename, {0}},
    {SANDBOX_FILES, SYS_unlink, {0}},
#else
    {SANDBOX_FILES, SYS_renameat, {0}},
    {SANDBOX_FILES, SYS_unlinkat, {0}},
#endif
    {SANDBOX_FILES, SYS_renameat2, {0}},
    {SANDBOX_PAGES, SYS_statfs, {0}},
    {SANDBOX_PAGES, SYS_ftruncate, {3}},
    {SANDBOX_PAGES, SYS_fallocate, {3}},
    {SANDBOX_PAGES, SYS_fcntl, {3, F_OFD_SETLK}},
    {SANDBOX_USER, SYS_geteuid, {0}},
    {SANDBOX_PROTECT, SYS_mprotect, {0, 0, PROT_READ | PROT_WRITE}},
    {SANDBOX_PROTECT, SYS_mmap, {0, 0, PROT_NONE}},
    {SANDBOX_PROTECT, SYS_rt_sigaction, {SIGSEGV}},
    {SANDBOX_PROTECT, SYS_clock_gettime, {CLOCK_THREAD_CPUTIME_ID}},
    {SANDBOX_PROTECT, SYS_gettid, {0}},
};

/* Calls that make a descriptor, which may be the lowest free one. */
static const int makers[] = {
#ifdef SYS_open
    SYS_open,       SYS_creat,
#endif
    SYS_openat,     SYS_dup,           SYS_fcntl,          SYS_socket,
    SYS_socketpair, SYS_accept,        SYS_accept4,        SYS_pipe2,
    SYS_recvmsg,    SYS_memfd_create,  SYS_timerfd_create, SYS_eventfd2,
    SYS_signalfd4,  SYS_epoll_create1, SYS_inotify_init1,
};

static bool
lets_pass(const struct sock_fprog *program, int number,
          const uint64_t arguments[3])
{
    struct seccomp_data call = {
        .nr = number,
        .arch = ARCHITECTURE,
        .args = {arguments[0], arguments[1], arguments[2]},
    };

    return filter_allows(program, &call);
}

/* May the program replace descriptor 2: by dup2, or by close and an open? */
static bool
lets_replace(const struct sock_fprog *program)
{
    static const uint64_t onto[3] = {3, 2};
    static const uint64_t it[3] = {2};

#ifdef SYS_dup2
    if (lets_pass(program, SYS_dup2, onto))
        return true;
#endif
    if (lets_pass(program, SYS_dup3, onto))
        return true;
    if (!lets_pass(program, SYS_close, it))
        return false;
    for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++) {
        if (lets_pass(program, makers[i], onto))
            return true;
    }
    return false;
}

/* Turns the pool's calls off that the filter forbids. */
static void
tell_pool(void)
{
    os_forbid_advice(!sandbox_allows(SANDBOX_PURGE));
    os_forbid_residence(!sandbox_allows(SANDBOX_TRIAL));
    os_forbid_sigaltstack(!sandbox_allows(SANDBOX_STACK));
    os_forbid_protection(!sandbox_allows(SANDBOX_PROTECT));
}

void
sandbox_apply(const struct sock_fprog *program)
{
    unsigned lost = 0;

    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (!lets_pass(program, needed[i].number, needed[i].arguments))
            lost |= 1u << needed[i].call;
    }
    if (!lets_replace(program))
        lost |= 1u << SANDBOX_REPLACE;
    atomic_fetch_and(&allowed, ~lost);
    tell_pool();
}

void
sandbox_apply_strict(void)
{
    atomic_store(&allowed, 1u << SANDBOX_WRITE);
    tell_pool();
}

void
sandbox_forget(void)
{
    atomic_store(&allowed, ALL_CALLS);
    tell_pool();
}

bool
sandbox_allows(enum sandbox_call call)
{
    return (atomic_load(&allowed) >> call & 1) != 0;
}
