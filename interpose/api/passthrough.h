/*
 * passthrough.h - is the program's malloc ours?
 *
 * A program that brings its own malloc, or runs under a sanitizer or
 * valgrind, is left alone: its calls do not reach us, or must not.
 */
#ifndef MIDPOOL_INTERPOSE_PASSTHROUGH_H
#define MIDPOOL_INTERPOSE_PASSTHROUGH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The functions in force: those that the program gets by these names, as the
 * dynamic linker bound this library's references to them. They are this
 * library's own, unless another library or the program defines them.
 */
struct in_force {
    void *(*malloc)(size_t bytes);
    void (*free)(void *ptr);
    int (*posix_memalign)(void **out, size_t align, size_t bytes);
    void *(*memalign)(size_t align, size_t bytes);
    void *(*aligned_alloc)(size_t align, size_t bytes);
    size_t (*malloc_usable_size)(void *ptr);
};

/* Is the function, given by its address, another object's? Calls dladdr1. */
bool passthrough_is_elsewhere(uintptr_t function);

/*
 * Does the program get another allocator's malloc? Known from the constructor
 * on, false before.
 */
extern __attribute__((visibility("hidden"))) bool passthrough_is_on;

/* The sanitizer in the process, in words, or NULL. Calls nothing. */
const char *passthrough_sanitizer(void);

/*
 * NULL when the library serves all allocations; otherwise the reason in words.
 * In the constructor.
 */
const char *passthrough_reason(const struct in_force *in_force);

#endif
