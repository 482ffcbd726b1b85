/*
 * cxx_library.h - the C++ library's own operators, for when malloc failed.
 *
 * They are looked up by name when needed: first behind this library in the
 * dynamic linker's order, then in the C++ libraries that are loaded but not
 * visible globally (as with a C++ extension of a script language). Their
 * throwing forms throw through frames of ours that need no clean-up.
 */
#ifndef MIDPOOL_INTERPOSE_CXX_LIBRARY_H
#define MIDPOOL_INTERPOSE_CXX_LIBRARY_H

#include <stddef.h>

/* Throw std::bad_alloc when there is no memory; abort, with a message, */
/* when there is no C++ library that could throw.                       */
void *cxx_library_new(const char *name, size_t size);
void *cxx_library_new_aligned(const char *name, size_t size, size_t align);

/* NULL when there is no memory. tag is a std::nothrow_t. */
void *cxx_library_new_nothrow(const char *name, size_t size, const void *tag);
void *cxx_library_new_aligned_nothrow(const char *name, size_t size,
                                      size_t align, const void *tag);

#endif
