/*
 * os.h - all system calls of the pools.
 *
 * Every function is a thin, errno-preserving wrapper of one system call that
 * may be used before relocation, in signal handlers and after fork. Failure
 * is reported by the result and is never fatal: each caller handles it.
 * Tests link a version of os.c that fails on request (tests/fault).
 */
#ifndef MIDPOOL_POOL_OS_H
#define MIDPOOL_POOL_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/*
 * Reserves whole pages of address space at a multiple of align (a power of two;
 * a page where it is less): no access, no commit charge, not dumped. NULL:
 * none.
 */
void *os_reserve(size_t bytes, size_t align);

/* The same at that very place, if nothing is there. */
bool os_reserve_at(void *start, size_t bytes);

/*
 * Finds that many free addresses at a multiple of align, far from where the
 * kernel puts mappings of its own choice. They cost no address space: only the
 * page behind them is reserved, which shows others that they are in use. NULL:
 * there are none.
 */
void *os_window(size_t bytes, size_t align);

/*
 * Maps pages that read as zero there. False: no memory, no address space, or
 * something is in the way.
 */
bool os_map_at(void *start, size_t bytes);

/* Gives address space back. */
void os_release(void *start, size_t bytes);

/* Makes reserved pages readable and writable; they read as zero. */
bool os_commit(void *start, size_t bytes);

/*
 * Makes protected pages of a guard accessible; and protects them again, after
 * which their contents are lost. Both make no call and return false while
 * os_forbid_protection holds: a seccomp filter may end the process for it.
 */
bool os_unprotect(void *start, size_t bytes);
bool os_protect(void *start, size_t bytes);
void os_forbid_protection(bool forbidden);
bool os_may_protect(void);

/*
 * Returns the pages' memory to the system; they read as zero afterwards.
 * False: their contents are unknown (locked memory, for instance), or the range
 * does not consist of whole pages and nothing was done.
 */
bool os_purge(void *start, size_t bytes);

/*
 * Makes the pages that the range touches present ahead of use. False: they will
 * be faulted in.
 */
bool os_populate(void *start, size_t bytes);

/*
 * The same for a mapped file. False: its file system is full, and using the
 * pages would raise SIGBUS. True where the kernel can not tell.
 */
bool os_populate_shared(void *start, size_t bytes);

/*
 * From now on madvise is not called, and functions that need it fail, because a
 * seccomp filter may end the process for it. False allows it again.
 * Thread-safe.
 */
void os_forbid_advice(bool forbidden);

/* Asks for huge pages (or for none) in the range. */
bool os_advise_huge(void *start, size_t bytes, bool huge);

/*
 * The number of resident pages of the range, of at most 2 MB; 0 if that can not
 * be asked.
 */
unsigned os_resident_pages(void *start, size_t bytes);

/* If forbidden, os_resident_pages makes no system call. Thread-safe. */
void os_forbid_residence(bool forbidden);

/*
 * True if calls for residence and huge pages are allowed. They are not if a
 * seccomp filter forbids them, if the process was started with a filter, which
 * can not be read, or if /proc/self/status does not tell. The first call reads
 * that file, once. Thread-safe.
 */
bool os_can_ask_residence(void);

/* Replaces the range by a shared mapping of fd from its start. */
bool os_map_shared(void *start, size_t bytes, int fd);

/* The same from an offset of whole pages on. */
bool os_map_shared_from(void *start, size_t bytes, int fd, size_t offset);

/* Replaces the range by fresh private memory that reads as zero. */
bool os_map_private(void *start, size_t bytes);

/* Names the range in /proc/self/maps where the kernel can; best effort. */
void os_name(const void *start, size_t bytes, const char *name);

/*
 * RLIMIT_AS, as it was when it was asked for first, and RLIMIT_DATA; SIZE_MAX
 * when there is none.
 */
size_t os_address_limit(void);
size_t os_data_limit(void);

/*
 * The size of the system's pages in bytes, a power of two of at least
 * SMALL_PAGE_BYTES: the same for the whole of a process's life. Thread-safe,
 * also before relocation.
 */
size_t os_page_bytes(void);

/* Physical memory, or 0 if it can not be known. */
uint64_t os_physical_bytes(void);

/* The time of the kernel's clock; false: there is no such clock. */
bool os_clock(int clock, struct timespec *now);

/* The same in ns, or 0. */
int64_t os_clock_ns(int clock);

/* CLOCK_MONOTONIC in ns, at the coarse clock's resolution of some ms. */
int64_t os_now_ns(void);

/* Futex wait, for at most ns if that is above 0, and wake on one word. */
void os_wait(uint32_t *word, uint32_t expected, int64_t ns);
void os_wake(uint32_t *word);

/*
 * Does the calling thread run on a stack for signals (sigaltstack)? True also
 * if that can not be determined.
 */
bool os_on_signal_stack(void);

/* If forbidden, os_on_signal_stack makes no system call. Thread-safe. */
void os_forbid_sigaltstack(bool forbidden);

/* The kernel's id of the calling thread. */
uint32_t os_thread_id(void);

#endif
