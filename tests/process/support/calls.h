/*
 * calls.h - every allocating and every releasing call, as tables.
 *
 * The functions are looked up at run time, so that the same program runs on
 * the C library alone, where some do not exist; C++ operators are found by
 * their mangled names. A call that is missing has no function; under midpool
 * none may be missing.
 */
#ifndef TESTS_PRELOAD_CALLS_H
#define TESTS_PRELOAD_CALLS_H

#include <stdbool.h>
#include <stddef.h>

/* The functions that may release a block, by the C and C++ standards. */
enum call_family {
    CALL_MALLOC,  /* free, free_sized, delete, sized delete */
    CALL_ALIGNED, /* free, free_aligned_sized, aligned delete */
    CALL_PAGE,    /* free: the block may be larger than what was asked */
};

struct alloc_call {
    const char *name;
    void *(*get)(size_t size);
    enum call_family family;
    size_t align; /* what the result is aligned to, at least */
    bool zeroed;
    bool throws; /* C++: never call with an impossible size */
};

struct free_call {
    const char *name;
    void (*put)(void *ptr, size_t size, size_t align);
    bool sized;
    bool aligned;
};

/* Both end with a NULL name. calls_init must have been called. */
extern const struct alloc_call alloc_calls[];
extern const struct free_call free_calls[];

void calls_init(void);

/* Does the function behind the call exist in this process? */
bool calls_has(const char *name);

/* May block of this family be released by this call? */
bool calls_match(const struct alloc_call *from, const struct free_call *to);

/* The address of a function of that name, or a failed check. */
void *calls_find(const char *name);

/* malloc_usable_size */
size_t calls_usable(void *ptr);

/* Sizes around every class and band edge, ascending; how many there are. */
extern const size_t call_sizes[];
extern const size_t call_size_count;

#endif
