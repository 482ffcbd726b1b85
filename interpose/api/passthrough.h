/*
 * passthrough.h - is the program's malloc ours?
 *
 * A program that brings its own malloc, or runs under a sanitizer or
 * valgrind, is left alone: its calls do not reach us, or must not.
 */
#ifndef MIDPOOL_INTERPOSE_PASSTHROUGH_H
#define MIDPOOL_INTERPOSE_PASSTHROUGH_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Is the function, by the address that the dynamic linker bound our reference
 * to, defined by another object? Calls dladdr1.
 */
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
 * In the constructor; goes by how the dynamic linker bound our own references.
 */
const char *passthrough_reason(void);

#endif
