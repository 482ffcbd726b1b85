/*
 * backend_map.c - the system calls for jemalloc's memory.
 *
 * Purpose   jemalloc's pages lie side by side in one window of address space,
 *           so that a pointer is recognised by its upper bits.
 * Model     The window is 4 TB of addresses far from where the kernel puts
 *           mappings of its own choice. Nothing in it is reserved: each
 *           mapping goes to its top by MAP_FIXED_NOREPLACE, which costs
 *           neither address space under RLIMIT_AS nor a mapping more than
 *           needed, since neighbours merge. The start is as random as the
 *           library's own address.
 *           If there is no such window (a small address space, an old kernel,
 *           another mapping in the way) memory comes from plain mmap, and
 *           pointers can no longer be distinguished.
 *           A small reserve is put aside for threads that start when address
 *           space is exhausted; see backend_thread.c.
 * Ownership top is moved by compare-and-swap, without a lock: fork and signal
 *           handlers need no care.
 */
#include "backend_map.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "backend_conf.h"
#include "backend_je.h"
#include "base.h"
#include "guard_slot.h"
#include "libc_release.h"
#include "os.h"
#include "page_trial.h"
#include "sandbox.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

/* Pages that a jemalloc counts with, at most: Debian's on arm64 has 64 KB. */
#if defined(__x86_64__)
#define JEMALLOC_PAGE_MAX 4096
#else
#define JEMALLOC_PAGE_MAX 65536
#endif

#define WINDOW_BYTES ((uintptr_t)1 << BACKEND_WINDOW_SHIFT)
/* Addresses of 47 bits: windows 0 to 31, the last is the kernel's choice. */
#define WINDOW_FIRST ((uintptr_t)30)
#define WINDOW_LAST ((uintptr_t)23)
/* The random start lies within a terabyte, a multiple of a huge page. */
#define START_BITS 19
/* Foreign mappings in the way are jumped over in doubling steps. */
#define JUMP_FIRST_BYTES ((uintptr_t)1 << 30)

enum {
    HUGE_BYTES = 2 << 20,
    /* Seven arenas' first blocks and the first extents of one. */
    EMERGENCY_BYTES = 16 << 20,
};

enum window_state { WINDOW_NEW, WINDOW_OPENING, WINDOW_OPEN, WINDOW_NONE };

static int window_state;
static uintptr_t window_top; /* next mapping */
static bool outside;         /* memory was taken from elsewhere */
static bool scarce;          /* the system refused a mapping */

/*
 * jemalloc's first mappings are single pages, one at a time, with which it
 * tests MADV_DONTNEED and MADV_FREE. It writes to one unconditionally. This
 * page serves for all of them: it cannot be refused, and costs no system call.
 */
static _Alignas(JEMALLOC_PAGE_MAX) char first_page[JEMALLOC_PAGE_MAX];
static bool first_page_taken;

static uintptr_t emergency_next; /* within the reserve, ascending */
static uintptr_t emergency_end;
static uintptr_t emergency_thread;
static bool emergency_used;

/*
 * The system calls themselves: another preloaded library may have put itself
 * before libc's mmap and allocate in it, while jemalloc holds its locks.
 */
static void *
map(void *at, size_t bytes, int prot, int flags, int fd, off_t offset)
{
    return (void *)syscall(SYS_mmap, at, bytes, prot, flags, fd, offset);
}

static int
unmap(void *at, size_t bytes)
{
    return (int)syscall(SYS_munmap, at, bytes);
}

static uintptr_t
align_to(uintptr_t value, uintptr_t align)
{
    return (value + align - 1) & ~(align - 1);
}

/* Maps exactly there or fails: with EEXIST when something is in the way. */
static bool
map_at(uintptr_t where, size_t bytes, int prot, int flags)
{
    void *got =
        map((void *)where, bytes, prot, flags | MAP_FIXED_NOREPLACE, -1, 0);

    if (got == (void *)where)
        return true;
    if (got != MAP_FAILED) {
        /* A kernel that takes the address for a hint. */
        (void)unmap(got, bytes);
        errno = EEXIST;
    }
    return false;
}

/*
 * The emergency reserve, at the window's start, is the probe for whether the
 * window is usable.
 */
static bool
window_try(uintptr_t number)
{
    uintptr_t random = ((uintptr_t)&backend_window / SMALL_PAGE_BYTES) &
                       (((uintptr_t)1 << START_BITS) - 1);
    uintptr_t start = number * WINDOW_BYTES + random * HUGE_BYTES;

    if (!map_at(start, EMERGENCY_BYTES, PROT_NONE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE))
        return false;
    emergency_next = start;
    emergency_end = start + EMERGENCY_BYTES;
    __atomic_store_n(&window_top, emergency_end, __ATOMIC_RELAXED);
    backend_set_window(number);
    return true;
}

/* Requires: first call; jemalloc's first mapping is made under its lock. */
static void
window_open(void)
{
    int state = WINDOW_NEW;

    if (!__atomic_compare_exchange_n(&window_state, &state, WINDOW_OPENING,
                                     false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return;
    for (uintptr_t number = WINDOW_FIRST; number >= WINDOW_LAST; number--) {
        if (window_try(number)) {
            __atomic_store_n(&window_state, WINDOW_OPEN, __ATOMIC_RELEASE);
            return;
        }
    }
    __atomic_store_n(&window_state, WINDOW_NONE, __ATOMIC_RELEASE);
}

/*
 * Moves top back, or over a foreign mapping. If another thread moved it
 * meanwhile, a hole stays.
 */
static void
window_move(uintptr_t from, uintptr_t to)
{
    (void)__atomic_compare_exchange_n(&window_top, &from, to, false,
                                      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/*
 * Takes bytes at the top, aligned to huge pages if the size is: jemalloc
 * then never has to trim. The gap is mapped as well, so that neighbours
 * merge, unless address space is scarce. Returns 0 with EEXIST when the window
 * is used up, or with mmap's errno.
 */
static uintptr_t
window_map(size_t bytes, int prot, int flags)
{
    uintptr_t align = bytes % HUGE_BYTES == 0 ? HUGE_BYTES : os_page_bytes();
    uintptr_t jump = JUMP_FIRST_BYTES;
    uintptr_t end = (backend_window + 1) * WINDOW_BYTES;
    uintptr_t top = __atomic_load_n(&window_top, __ATOMIC_ACQUIRE);

    for (;;) {
        uintptr_t start = align_to(top, align);
        uintptr_t next = start + bytes;

        if (next < start || next > end) {
            errno = EEXIST;
            return 0;
        }
        if (!__atomic_compare_exchange_n(&window_top, &top, next, false,
                                         __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            continue;
        uintptr_t from =
            __atomic_load_n(&scarce, __ATOMIC_RELAXED) ? start : top;

        if (map_at(from, next - from, prot, flags))
            return start;
        if (errno != EEXIST) {
            __atomic_store_n(&scarce, true, __ATOMIC_RELAXED);
            window_move(next, top);
            return 0;
        }
        window_move(next, top + jump);
        jump *= 2;
        top = __atomic_load_n(&window_top, __ATOMIC_ACQUIRE);
    }
}

/* Maps from the reserve, for the one thread that may use it. */
static void *
emergency_map(size_t bytes, int prot)
{
    uintptr_t align = bytes % HUGE_BYTES == 0 ? HUGE_BYTES : os_page_bytes();
    uintptr_t start = align_to(emergency_next, align);

    if (__atomic_load_n(&emergency_thread, __ATOMIC_RELAXED) !=
            (uintptr_t)pthread_self() ||
        bytes > emergency_end - start || start > emergency_end ||
        syscall(SYS_mprotect, start, bytes, prot) != 0)
        return MAP_FAILED;
    emergency_next = start + bytes;
    __atomic_store_n(&emergency_used, true, __ATOMIC_RELAXED);
    return (void *)start;
}

enum { HUGE_PIECE_BYTES = 8 << 20, HUGE_PIECE_SHARE = 3 };

/* The way in which jemalloc's memory gets no huge pages. */
enum small_pages {
    SMALL_UNKNOWN,
    SMALL_UNASKED, /* the user names thp: jemalloc decides */
    SMALL_BY_ADVICE,
    SMALL_BY_FLAG, /* MAP_STACK says so from Linux 6.7 on */
};

/*
 * All mappings of jemalloc are kept on small pages here. With thp:never,
 * jemalloc itself would call madvise(MADV_NOHUGEPAGE) for each, for which some
 * programs' filters kill; from 5.3.1 on it would not do so for its base blocks,
 * which would then take huge pages.
 */
static enum small_pages
small_pages(void)
{
    static int answer;
    int known = __atomic_load_n(&answer, __ATOMIC_RELAXED);
    struct utsname system;

    if (known != SMALL_UNKNOWN)
        return (enum small_pages)known;
    if (backend_conf_names("thp:"))
        known = SMALL_UNASKED;
    else if (uname(&system) == 0 && release_since(system.release, 6, 7))
        known = SMALL_BY_FLAG;
    else
        known = SMALL_BY_ADVICE;
    __atomic_store_n(&answer, known, __ATOMIC_RELAXED);
    return (enum small_pages)known;
}

size_t (*backend_on_refusal)(void);

/* Like window_map; tries again if other memory could be given back. */
static uintptr_t
window_map_anyhow(size_t bytes, int prot, int flags)
{
    uintptr_t start = window_map(bytes, prot, flags);

    if (start == 0 && errno == ENOMEM && backend_on_refusal != NULL &&
        backend_on_refusal() > 0)
        return window_map(bytes, prot, flags);
    return start;
}

static void *
map_somewhere(size_t bytes, int prot, int flags)
{
    int state = __atomic_load_n(&window_state, __ATOMIC_ACQUIRE);

    if (state == WINDOW_NEW) {
        window_open();
        state = __atomic_load_n(&window_state, __ATOMIC_ACQUIRE);
    }
    if (state == WINDOW_OPEN) {
        uintptr_t start = window_map_anyhow(bytes, prot, flags);

        if (start != 0)
            return (void *)start;
        if (errno != EEXIST)
            return emergency_map(bytes, prot);
    }
    void *got = map(NULL, bytes, prot, flags, -1, 0);

    if (got != MAP_FAILED)
        __atomic_store_n(&outside, true, __ATOMIC_RELEASE);
    return got;
}

/*
 * Huge pages are used if the pools found them cheaper (thp:auto), for a piece
 * that is small beside jemalloc's memory. A large one is probably for a single
 * block, of which the program may use little.
 */
static bool
wants_huge(size_t bytes)
{
    static _Atomic size_t mapped_bytes;
    size_t before =
        atomic_fetch_add_explicit(&mapped_bytes, bytes, memory_order_relaxed);

    return bytes >= HUGE_PIECE_BYTES && bytes <= before / HUGE_PIECE_SHARE &&
           page_trial_prefers_huge() && sandbox_allows(SANDBOX_TRIAL);
}

static void *
map_anonymous(size_t bytes, int prot, int flags)
{
    enum small_pages small = small_pages();
    bool huge = small != SMALL_UNASKED && wants_huge(bytes);
    void *got = map_somewhere(
        bytes, prot,
        small == SMALL_BY_FLAG && !huge ? flags | MAP_STACK : flags);

    if (got == MAP_FAILED)
        return got;
    if (huge)
        (void)syscall(SYS_madvise, got, bytes, MADV_HUGEPAGE);
    else if (small == SMALL_BY_ADVICE && sandbox_allows(SANDBOX_ADVISE))
        (void)syscall(SYS_madvise, got, bytes, MADV_NOHUGEPAGE);
    return got;
}

/* jemalloc's start, which has one thread, maps more than a page for good. */
static bool
takes_first_page(size_t bytes)
{
    bool first = !first_page_taken && bytes <= JEMALLOC_PAGE_MAX &&
                 __atomic_load_n(&window_state, __ATOMIC_RELAXED) == WINDOW_NEW;

    if (first)
        first_page_taken = true;
    return first;
}

void *
backend_je_mmap(void *addr, size_t bytes, int prot, int flags, int fd,
                off_t offset)
{
    int saved = errno;
    void *got;

    if (takes_first_page(bytes))
        return first_page;
    if (addr == NULL && fd == -1)
        got = map_anonymous(bytes, prot, flags);
    else
        got = map(addr, bytes, prot, flags, fd, offset);
    errno = saved;
    return got;
}

int
backend_je_munmap(void *addr, size_t bytes)
{
    int saved = errno;
    int result;

    if (addr == first_page) {
        first_page_taken = false;
        return 0;
    }
    result = unmap(addr, bytes);
    if (result != 0) {
        if (saved >= 0 && saved < BACKEND_ERRNO_KEPT)
            errno |= BACKEND_ERRNO_MARK | saved << BACKEND_ERRNO_BITS;
        return result;
    }
    window_move((uintptr_t)addr + bytes, (uintptr_t)addr);
    errno = saved;
    return result;
}

int
backend_je_madvise(void *addr, size_t bytes, int advice)
{
    int saved = errno;
    int result;

    if (advice == MADV_NOHUGEPAGE &&
        (small_pages() != SMALL_UNASKED || !sandbox_allows(SANDBOX_ADVISE)))
        return 0;
    if (!sandbox_allows(SANDBOX_PURGE))
        return -1;
    result = (int)syscall(SYS_madvise, addr, bytes, advice);
    errno = saved;
    return result;
}

/* The heap segment is not ours to grow: libc's own malloc may live there. */
void *
backend_je_sbrk(intptr_t bytes)
{
    (void)bytes;
    return (void *)-1;
}

bool
backend_owns_outside(const void *ptr)
{
    return __atomic_load_n(&outside, __ATOMIC_ACQUIRE) && !guard_owns(ptr);
}

void
backend_expect_outside(void)
{
    __atomic_store_n(&outside, true, __ATOMIC_RELEASE);
}

void
backend_map_emergency(uintptr_t thread)
{
    __atomic_store_n(&emergency_thread, thread, __ATOMIC_RELAXED);
}

bool
backend_map_is_scarce(void)
{
    return __atomic_load_n(&emergency_used, __ATOMIC_RELAXED);
}

void
backend_unmap_purged(void)
{
    if (sandbox_allows(SANDBOX_UNMAP))
        __atomic_store_n(&je_opt_retain, false, __ATOMIC_RELAXED);
}

bool
backend_quick_outside(const void *ptr)
{
    return !backend_frees_watched && backend_owns_outside(ptr);
}
