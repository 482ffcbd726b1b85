/*
 * sandbox.h - the system calls that the program's seccomp filters allow.
 *
 * Purpose   A filter may end the process for a call that it does not allow,
 *           and no call that reads the filter is allowed by every filter. The
 *           filter is therefore read when the program sets it.
 * Model     sandbox_watch.h detects that the program sets a filter. The filter
 *           is then run on the calls listed in sandbox.c. Each bit of a mask
 *           tells whether a group of them is allowed; code that makes such a
 *           call tests the bit first.
 * Ownership One mask for the process, also if a thread filtered only itself.
 *           Bits are only ever cleared. A forked child has its parent's mask.
 */
#ifndef MIDPOOL_INTERPOSE_SANDBOX_H
#define MIDPOOL_INTERPOSE_SANDBOX_H

#include <stdbool.h>

struct sock_fprog;

enum sandbox_call {
    SANDBOX_WRITE,    /* write to descriptor 2 */
    SANDBOX_STAT,     /* fstat of descriptor 2 */
    SANDBOX_MASK,     /* rt_sigprocmask */
    SANDBOX_PENDING,  /* rt_sigpending */
    SANDBOX_TAKE,     /* rt_sigtimedwait */
    SANDBOX_POLL,     /* poll, or ppoll where there is no poll */
    SANDBOX_IDENTITY, /* getpid, getppid, getsid */
    SANDBOX_SLEEP,    /* clock_nanosleep */
    SANDBOX_USAGE,    /* getrusage */
    SANDBOX_LEARN,    /* rt_sigaction, prlimit64 */
    SANDBOX_TERMINAL, /* ioctl(TIOCGWINSZ) */
    SANDBOX_DUP,      /* fcntl(F_DUPFD_CLOEXEC), close */
    SANDBOX_ADVISE,   /* madvise(MADV_NOHUGEPAGE) */
    SANDBOX_PURGE,    /* madvise(MADV_DONTNEED) */
    SANDBOX_UNMAP,    /* munmap */
    SANDBOX_TRIAL,    /* mincore, madvise(MADV_HUGEPAGE) */
    SANDBOX_STACK,    /* sigaltstack */
    SANDBOX_FILES,    /* all that writing a new file needs */
    SANDBOX_PAGES,    /* further calls that a live page's file needs */
    SANDBOX_USER,     /* geteuid */
    SANDBOX_PROTECT,  /* all that guarded buffers need */
    SANDBOX_REPLACE,  /* could another file become descriptor 2? */
    SANDBOX_CALLS
};

/* Async-signal-safe, as all that follows. */
bool sandbox_allows(enum sandbox_call call);

/*
 * A filter was set: the library stops using the calls that it does not allow.
 */
void sandbox_apply(const struct sock_fprog *program);

/* SECCOMP_MODE_STRICT was set: read, write and the end are allowed. */
void sandbox_apply_strict(void);

/* All calls are allowed again, for tests. */
void sandbox_forget(void);

#endif
