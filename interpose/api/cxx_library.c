/* cxx_library.c - see cxx_library.h. */
#include "cxx_library.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

#include "stderr_target.h"

static const char *const libraries[] = {
    "libstdc++.so.6",
    "libc++abi.so.1",
    "libc++.so.1",
};

enum { LIBRARIES = sizeof libraries / sizeof libraries[0] };

static void *
find(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);

    for (size_t i = 0; function == NULL && i < LIBRARIES; i++) {
        void *library = dlopen(libraries[i], RTLD_LAZY | RTLD_NOLOAD);

        if (library != NULL) {
            function = dlsym(library, name);
            dlclose(library);
        }
    }
    return function;
}

static void *
find_throwing(const char *name)
{
    void *function = find(name);
    static const char text[] =
        "midpool: out of memory in operator new, and no C++ library that could"
        " throw bad_alloc; aborting\n";

    if (function != NULL)
        return function;
    stderr_target_say(text, sizeof text - 1);
    abort();
}

/*
 * The library's aligned forms round the size up without a check; they must
 * see one that can not be had, not one that wraps to something small.
 */
static size_t
impossible_at_most(size_t size)
{
    return size > PTRDIFF_MAX ? PTRDIFF_MAX : size;
}

void *
cxx_library_new(const char *name, size_t size)
{
    void *(*function)(size_t) = find_throwing(name);

    return function(size);
}

void *
cxx_library_new_aligned(const char *name, size_t size, size_t align)
{
    void *(*function)(size_t, size_t) = find_throwing(name);

    return function(impossible_at_most(size), align);
}

void *
cxx_library_new_nothrow(const char *name, size_t size, const void *tag)
{
    void *(*function)(size_t, const void *) = find(name);

    return function == NULL ? NULL : function(size, tag);
}

void *
cxx_library_new_aligned_nothrow(const char *name, size_t size, size_t align,
                                const void *tag)
{
    void *(*function)(size_t, size_t, const void *) = find(name);

    if (function == NULL)
        return NULL;
    return function(impossible_at_most(size), align, tag);
}
