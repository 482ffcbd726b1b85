/* export.h - functions that exports.map lists, and whether they are in force.
 */
#ifndef MIDPOOL_INTERPOSE_EXPORT_H
#define MIDPOOL_INTERPOSE_EXPORT_H

#include <stdbool.h>
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))

/*
 * Is in_force, the address that the dynamic linker bound a name to, that of
 * this library's own function? The assembly hides the address from the
 * compiler, which takes functions of different names for different ones.
 */
static inline bool
export_is_own(uintptr_t in_force, uintptr_t own)
{
    __asm__("" : "+r"(in_force));
    return in_force == own;
}

#endif
