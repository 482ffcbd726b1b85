/*
 * new.h - operator new and delete of C++, in C by their mangled names.
 *
 * Purpose   A program's new and delete reach malloc and free through libstdc++
 *           anyway. These are shorter, and see the sizes that sized deletes are
 *           given.
 * Model     The usual case is malloc. When malloc fails, the operator of the
 *           C++ library in the process is looked up and called
 *           (cxx_library.h). It tries again and does everything that the
 *           standard requires: the new-handler, bad_alloc, the catching for
 *           the nothrow forms. The library therefore does not depend on a C++
 *           library.
 * Replaced  A program may replace some operators and count on the others to
 *           be built on them, as the standard says: array forms on plain
 *           ones, sized and nothrow deletes on unsized ones, nothrow news on
 *           throwing ones. Every form therefore calls the one below by its
 *           symbol, as the dynamic linker bound it, and malloc and free
 *           likewise. A name with own_ in front is always ours; it differs
 *           from the symbol if the program replaced that.
 * Files     new.c has the plain forms, new_array.c the array forms,
 *           new_derived.c the nothrow and sized ones. They are separate so
 *           that no compiler binds a call to a function of the same file.
 */
#ifndef MIDPOOL_INTERPOSE_NEW_H
#define MIDPOOL_INTERPOSE_NEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "export.h"

/* Declares an operator that others are built on. */
#define NEW_BASE(result, name, ...)                                            \
    EXPORT result name(__VA_ARGS__);                                           \
    extern __attribute__((visibility("hidden"))) result own##name(__VA_ARGS__);

/* The meaning of own_, for the file that defines the operator. */
#define NEW_OWN(name)                                                          \
    extern __typeof__(name) own##name                                          \
        __attribute__((alias(#name), visibility("hidden")));

typedef struct nothrow nothrow; /* std::nothrow_t: never looked at */

NEW_BASE(void *, _Znwm, size_t size)
NEW_BASE(void *, _Znam, size_t size)
NEW_BASE(void *, _ZnwmSt11align_val_t, size_t size, size_t align)
NEW_BASE(void *, _ZnamSt11align_val_t, size_t size, size_t align)
NEW_BASE(void, _ZdlPv, void *ptr)
NEW_BASE(void, _ZdaPv, void *ptr)
NEW_BASE(void, _ZdlPvSt11align_val_t, void *ptr, size_t align)
NEW_BASE(void, _ZdaPvSt11align_val_t, void *ptr, size_t align)

EXPORT void *_ZnwmRKSt9nothrow_t(size_t size, const nothrow *tag);
EXPORT void *_ZnamRKSt9nothrow_t(size_t size, const nothrow *tag);
EXPORT void *_ZnwmSt11align_val_tRKSt9nothrow_t(size_t size, size_t align,
                                                const nothrow *tag);
EXPORT void *_ZnamSt11align_val_tRKSt9nothrow_t(size_t size, size_t align,
                                                const nothrow *tag);
EXPORT void _ZdlPvm(void *ptr, size_t size);
EXPORT void _ZdaPvm(void *ptr, size_t size);
EXPORT void _ZdlPvRKSt9nothrow_t(void *ptr, const nothrow *tag);
EXPORT void _ZdaPvRKSt9nothrow_t(void *ptr, const nothrow *tag);
EXPORT void _ZdlPvmSt11align_val_t(void *ptr, size_t size, size_t align);
EXPORT void _ZdaPvmSt11align_val_t(void *ptr, size_t size, size_t align);
EXPORT void _ZdlPvSt11align_val_tRKSt9nothrow_t(void *ptr, size_t align,
                                                const nothrow *tag);
EXPORT void _ZdaPvSt11align_val_tRKSt9nothrow_t(void *ptr, size_t align,
                                                const nothrow *tag);

/* Is the operator in force ours? */
#define NEW_IS_OWN(name) export_is_own((uintptr_t)name, (uintptr_t)own##name)

/* Aligned memory from malloc's family, or NULL. */
void *new_aligned(size_t size, size_t align);

#endif
