/*
 * os.c - system calls of the pool, see os.h.
 *
 * The calls are made directly: libc's wrappers set errno, may be interposed
 * by other preloaded libraries, and are not callable before relocation. The
 * clock is read directly as well: libfaketime's clock_gettime looks the real
 * one up at its first call, which allocates, and jemalloc reads the time while
 * it initialises itself.
 */
#include "os.h"

#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <time.h>

#include "base.h"
#include "vdso.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

#if defined(__x86_64__)
#define VDSO_CLOCK "__vdso_clock_gettime"

static long
system_call(long number, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8),
                       "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
#elif defined(__aarch64__)
#define VDSO_CLOCK "__kernel_clock_gettime"

static long
system_call(long number, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;

    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}
#else
#error "midpool supports x86-64 and arm64"
#endif

/* 0: not asked yet. Threads that ask at the same time store the same. */
static _Atomic size_t page_bytes;

static size_t
ask_page_bytes(void)
{
    size_t bytes = getauxval(AT_PAGESZ);

    if (bytes < SMALL_PAGE_BYTES)
        bytes = SMALL_PAGE_BYTES; /* a system that does not tell */
    atomic_store_explicit(&page_bytes, bytes, memory_order_relaxed);
    return bytes;
}

size_t
os_page_bytes(void)
{
    size_t bytes = atomic_load_explicit(&page_bytes, memory_order_relaxed);

    return likely(bytes != 0) ? bytes : ask_page_bytes();
}

/*
 * The system's own rules for places and lengths are checked here as well, so
 * that a test which sets the page size sees the errors of such a system.
 */
static bool
on_page(const void *start)
{
    return (uintptr_t)start % os_page_bytes() == 0;
}

static size_t
whole_pages(size_t bytes)
{
    return align_up(bytes, os_page_bytes());
}

static bool
failed(long result)
{
    return result < 0 && result > -4096;
}

static long
map(void *start, size_t bytes, int prot, int flags, int fd)
{
    return system_call(__NR_mmap, (long)start, (long)bytes, prot, flags, fd, 0);
}

static _Atomic bool advice_forbidden;

void
os_forbid_advice(bool forbidden)
{
    atomic_store_explicit(&advice_forbidden, forbidden, memory_order_relaxed);
}

static _Atomic bool sigaltstack_forbidden;

void
os_forbid_sigaltstack(bool forbidden)
{
    atomic_store_explicit(&sigaltstack_forbidden, forbidden,
                          memory_order_relaxed);
}

static bool
advise(void *start, size_t bytes, int advice)
{
    if (atomic_load_explicit(&advice_forbidden, memory_order_relaxed))
        return false;
    return !failed(
        system_call(__NR_madvise, (long)start, (long)bytes, advice, 0, 0, 0));
}

static void
unmap(void *start, size_t bytes)
{
    (void)system_call(__NR_munmap, (long)start, (long)bytes, 0, 0, 0, 0);
}

void *
os_reserve(size_t bytes, size_t align)
{
    if (align < os_page_bytes())
        align = os_page_bytes();
    bytes = whole_pages(bytes);

    size_t padded = bytes + (align > SMALL_PAGE_BYTES ? align : 0);
    long result = map(NULL, padded, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);

    if (failed(result))
        return NULL;

    char *start = (char *)result;
    char *aligned = (char *)align_up((uintptr_t)start, align);

    if (aligned > start)
        unmap(start, (size_t)(aligned - start));
    if (aligned + bytes < start + padded)
        unmap(aligned + bytes, (size_t)(start + padded - aligned) - bytes);
    return aligned;
}

/* Maps exactly there, or returns why not: -EEXIST, something is there. */
static long
map_there(void *start, size_t bytes, int prot, int flags)
{
    if (!on_page(start))
        return -EINVAL;
    flags |= MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    bytes = whole_pages(bytes);

    long result = map(start, bytes, prot, flags, -1);

    if (failed(result))
        return result;
    /* Kernels before 4.17 take the address for a hint. */
    if ((void *)result == start)
        return 0;
    os_release((void *)result, bytes);
    return -EEXIST;
}

bool
os_reserve_at(void *start, size_t bytes)
{
    return map_there(start, bytes, PROT_NONE, MAP_NORESERVE) == 0;
}

bool
os_map_at(void *start, size_t bytes)
{
    return map_there(start, bytes, PROT_READ | PROT_WRITE, 0) == 0;
}

/*
 * Are the addresses free? If so, the page behind them stays mapped. If less
 * address space is left the answer is unknown; os_map_at then finds out.
 */
static bool
claim(char *start, size_t bytes)
{
    long result =
        map_there(start, bytes + os_page_bytes(), PROT_NONE, MAP_NORESERVE);

    if (result == 0)
        os_release(start, bytes);
    return result == 0 ||
           (result == -ENOMEM && os_reserve_at(start + bytes, os_page_bytes()));
}

/*
 * Of the 47-bit address space's 32 windows of 4 TB these are neither the
 * executable's nor the mappings'; jemalloc's memory lies above
 * (interpose/backend/backend_map.c). The place within is random as far as the
 * library's own address is.
 */
void *
os_window(size_t bytes, size_t align)
{
#ifdef __SANITIZE_THREAD__
    (void)bytes, (void)align; /* It has no shadow for these addresses. */
    (void)claim;
#else
    enum { WINDOW_SHIFT = 42, FIRST = 20, LAST = 12, RANDOM_BITS = 19 };
    static const char here;
    uintptr_t random = ((uintptr_t)&here / SMALL_PAGE_BYTES) &
                       (((uintptr_t)1 << RANDOM_BITS) - 1);

    for (uintptr_t number = FIRST; number >= LAST; number--) {
        uintptr_t start = (number << WINDOW_SHIFT) + random * align;

        if (claim((char *)start, bytes))
            return (void *)start;
    }
#endif
    return NULL;
}

void
os_release(void *start, size_t bytes)
{
    unmap(start, whole_pages(bytes));
}

bool
os_commit(void *start, size_t bytes)
{
    return on_page(start) &&
           !failed(system_call(__NR_mprotect, (long)start,
                               (long)whole_pages(bytes), PROT_READ | PROT_WRITE,
                               0, 0, 0));
}

static _Atomic bool protection_forbidden;

void
os_forbid_protection(bool forbidden)
{
    atomic_store_explicit(&protection_forbidden, forbidden,
                          memory_order_relaxed);
}

bool
os_may_protect(void)
{
    return !atomic_load_explicit(&protection_forbidden, memory_order_relaxed);
}

bool
os_unprotect(void *start, size_t bytes)
{
    return os_may_protect() && os_commit(start, bytes);
}

/* A new mapping takes the place of the old one, and its memory is free. */
bool
os_protect(void *start, size_t bytes)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;

    return os_may_protect() && !failed(map(start, bytes, PROT_NONE, flags, -1));
}

bool
os_purge(void *start, size_t bytes)
{
    return on_page(start) && bytes == whole_pages(bytes) &&
           advise(start, bytes, MADV_DONTNEED);
}

/* The pages that a range touches begin there; *bytes becomes their length. */
static char *
first_page(void *start, size_t *bytes)
{
    char *first = (char *)align_down((uintptr_t)start, os_page_bytes());

    *bytes = whole_pages((size_t)((char *)start - first) + *bytes);
    return first;
}

bool
os_populate(void *start, size_t bytes)
{
    start = first_page(start, &bytes);
    return advise(start, bytes, MADV_POPULATE_WRITE);
}

bool
os_populate_shared(void *start, size_t bytes)
{
    start = first_page(start, &bytes);

    long result = system_call(__NR_madvise, (long)start, (long)bytes,
                              MADV_POPULATE_WRITE, 0, 0, 0);

    return result != -EFAULT && result != -ENOMEM;
}

bool
os_advise_huge(void *start, size_t bytes, bool huge)
{
    return advise(start, bytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

static _Atomic bool residence_forbidden;

void
os_forbid_residence(bool forbidden)
{
    atomic_store_explicit(&residence_forbidden, forbidden,
                          memory_order_relaxed);
}

/* The beginning of a file, as a string; false: it can not be read. */
static bool
read_file(const char *path, char *text, size_t bytes)
{
    long file = system_call(__NR_openat, AT_FDCWD, (long)path,
                            O_RDONLY | O_CLOEXEC, 0, 0, 0);
    long length;

    if (failed(file))
        return false;
    length = system_call(__NR_read, file, (long)text, (long)bytes - 1, 0, 0, 0);
    (void)system_call(__NR_close, file, 0, 0, 0, 0, 0);
    if (failed(length))
        return false;
    text[length] = 0;
    return true;
}

enum filter_state { FILTER_UNREAD, FILTER_NONE, FILTER_SET };

static _Atomic unsigned filter_state = FILTER_UNREAD;

/* Was there a seccomp filter, when this was asked first? */
static bool
has_filter(void)
{
    unsigned state = atomic_load_explicit(&filter_state, memory_order_relaxed);
    char text[4096];

    if (state == FILTER_UNREAD) {
        state = read_file("/proc/self/status", text, sizeof(text)) &&
                        __builtin_strstr(text, "\nSeccomp:\t0\n") != NULL
                    ? FILTER_NONE
                    : FILTER_SET;
        atomic_store_explicit(&filter_state, state, memory_order_relaxed);
    }
    return state == FILTER_SET;
}

bool
os_can_ask_residence(void)
{
    return !atomic_load_explicit(&residence_forbidden, memory_order_relaxed) &&
           !has_filter();
}

unsigned
os_resident_pages(void *start, size_t bytes)
{
    unsigned char page[((size_t)2 << 20) / SMALL_PAGE_BYTES];
    unsigned count = 0;

    if (bytes / SMALL_PAGE_BYTES > sizeof(page) ||
        atomic_load_explicit(&residence_forbidden, memory_order_relaxed) ||
        failed(system_call(__NR_mincore, (long)start, (long)bytes, (long)page,
                           0, 0, 0)))
        return 0;
    for (size_t i = 0; i < bytes / os_page_bytes(); i++)
        count += page[i] & 1;
    return count;
}

bool
os_map_shared(void *start, size_t bytes, int fd)
{
    return !failed(
        map(start, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd));
}

bool
os_map_shared_from(void *start, size_t bytes, int fd, size_t offset)
{
    return !failed(system_call(__NR_mmap, (long)start, (long)bytes,
                               PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                               fd, (long)offset));
}

bool
os_map_private(void *start, size_t bytes)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;

    return !failed(map(start, bytes, PROT_READ | PROT_WRITE, flags, -1));
}

void
os_name(const void *start, size_t bytes, const char *name)
{
    (void)system_call(__NR_prctl, PR_SET_VMA, PR_SET_VMA_ANON_NAME, (long)start,
                      (long)bytes, (long)name, 0);
}

static size_t
limit_of(int resource)
{
    struct rlimit limit;

    if (failed(
            system_call(__NR_prlimit64, 0, resource, 0, (long)&limit, 0, 0)) ||
        limit.rlim_cur == RLIM_INFINITY)
        return SIZE_MAX;
    return limit.rlim_cur;
}

size_t
os_address_limit(void)
{
    static _Atomic size_t known; /* 0: not asked yet */
    size_t limit = atomic_load_explicit(&known, memory_order_relaxed);

    if (limit == 0) {
        limit = limit_of(RLIMIT_AS);
        atomic_store_explicit(&known, limit, memory_order_relaxed);
    }
    return limit;
}

size_t
os_data_limit(void)
{
    return limit_of(RLIMIT_DATA);
}

uint64_t
os_physical_bytes(void)
{
    struct sysinfo info;

    if (failed(system_call(__NR_sysinfo, (long)&info, 0, 0, 0, 0, 0)))
        return 0;
    return (uint64_t)info.totalram * info.mem_unit;
}

typedef int clock_function(clockid_t, struct timespec *);

static int
call_clock(clockid_t clock, struct timespec *now)
{
    return (int)system_call(__NR_clock_gettime, clock, (long)now, 0, 0, 0, 0);
}

bool
os_clock(int clock, struct timespec *now)
{
    static _Atomic(clock_function *) found;
    clock_function *read = atomic_load_explicit(&found, memory_order_relaxed);

    if (unlikely(read == NULL)) {
        read = (clock_function *)vdso_find(VDSO_CLOCK);
        if (read == NULL)
            read = call_clock;
        atomic_store_explicit(&found, read, memory_order_relaxed);
    }
    return read(clock, now) == 0;
}

int64_t
os_clock_ns(int clock)
{
    struct timespec now;

    if (!os_clock(clock, &now))
        return 0;
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t
os_now_ns(void)
{
    return os_clock_ns(CLOCK_MONOTONIC_COARSE);
}

void
os_wait(uint32_t *word, uint32_t expected, int64_t ns)
{
    struct timespec limit = {ns / 1000000000, ns % 1000000000};

    (void)system_call(__NR_futex, (long)word, FUTEX_WAIT_PRIVATE,
                      (long)expected, ns > 0 ? (long)&limit : 0, 0, 0);
}

void
os_wake(uint32_t *word)
{
    (void)system_call(__NR_futex, (long)word, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
}

bool
os_on_signal_stack(void)
{
    stack_t stack;

    if (atomic_load_explicit(&sigaltstack_forbidden, memory_order_relaxed))
        return true;
    return failed(system_call(__NR_sigaltstack, 0, (long)&stack, 0, 0, 0, 0)) ||
           (stack.ss_flags & SS_ONSTACK);
}

uint32_t
os_thread_id(void)
{
    return (uint32_t)system_call(__NR_gettid, 0, 0, 0, 0, 0, 0);
}
