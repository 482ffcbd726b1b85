/*
 * base.h - common parts of all files of the pool: hints, alignment, assertions.
 */
#ifndef MIDPOOL_POOL_BASE_H
#define MIDPOOL_POOL_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define noinline __attribute__((noinline))
#define always_inline inline __attribute__((always_inline))
#define hidden __attribute__((visibility("hidden")))

/*
 * Slots are laid out for pages of SMALL_PAGE_BYTES, the smallest that any
 * system has: a slab holds the same slots everywhere. os_page_bytes (os.h) is
 * the unit in which the system maps and returns memory. The steps in which the
 * pools' tables are mapped are multiples of OS_PAGE_MAX_BYTES, its maximum.
 */
enum {
    CACHE_LINE_BYTES = 64,
    SMALL_PAGE_BYTES = 4096,
    OS_PAGE_MAX_BYTES = 65536,
};

/* Keeps the compiler from moving accesses across; for signal handlers. */
#define compiler_barrier() __asm__ volatile("" ::: "memory")

static inline size_t
align_up(size_t value, size_t align)
{
    return (value + align - 1) & ~(align - 1);
}

static inline size_t
align_down(size_t value, size_t align)
{
    return value & ~(align - 1);
}

/*
 * COUNT_ADD adds to a counter of the thread's own block, or of the shared one
 * under slab_lock, which other threads may read (page.h). RECALLED reads a
 * word that others may change to send the thread to its slow path
 * (cache_recall). Both are plain accesses, and atomic ones for the sanitizer.
 */
#if defined(__SANITIZE_THREAD__)
#define COUNT_ADD(word, amount)                                                \
    __atomic_store_n(&(word), (word) + (amount), __ATOMIC_RELAXED)
#define RECALLED(word) __atomic_load_n(&(word), __ATOMIC_RELAXED)
#else
#define COUNT_ADD(word, amount) ((word) += (amount))
#define RECALLED(word) (word)
#endif

/*
 * pool_assert: checked in debug builds (meson -Ddebug_checks=true), where a
 * failure prints the claim and aborts without allocating.
 */
#ifdef MIDPOOL_DEBUG
#define pool_assert(claim)                                                     \
    ((claim) ? (void)0 : pool_assert_failed(#claim, __FILE__, __LINE__))
_Noreturn void pool_assert_failed(const char *claim, const char *file,
                                  int line);
#else
#define pool_assert(claim) ((void)sizeof(!(claim)))
#endif

#endif
