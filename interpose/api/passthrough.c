/* passthrough.c - see passthrough.h. */
#include "passthrough.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

#include "own_image.h"
#include "sink.h"

/* Defined by the sanitizers' runtimes; otherwise NULL. */
extern void __asan_init(void) __attribute__((weak));
extern void __tsan_init(void) __attribute__((weak));
extern void __msan_init(void) __attribute__((weak));
extern void __lsan_init(void) __attribute__((weak));
extern void __hwasan_init(void) __attribute__((weak));

bool passthrough_is_on;

static struct line reason;

const char *
passthrough_sanitizer(void)
{
    if (__asan_init != NULL)
        return "AddressSanitizer has its own allocator";
    if (__hwasan_init != NULL)
        return "HWAddressSanitizer has its own allocator";
    if (__tsan_init != NULL)
        return "ThreadSanitizer has its own allocator";
    if (__msan_init != NULL)
        return "MemorySanitizer has its own allocator";
    if (__lsan_init != NULL)
        return "LeakSanitizer has its own allocator";
    return NULL;
}

/*
 * The tools that replace malloc (memcheck, massif, dhat, helgrind, drd) have a
 * library of their own in the process; under the others, as callgrind, there
 * is the core's alone.
 */
static int
match_valgrind(struct dl_phdr_info *info, size_t size, void *unused)
{
    static const char prefix[] = "/vgpreload_";
    static const char core[] = "core-";
    const char *found = strstr(info->dlpi_name, prefix);

    (void)size;
    (void)unused;
    return found != NULL &&
           strncmp(found + sizeof prefix - 1, core, sizeof core - 1) != 0;
}

/*
 * Does another object define the function that programs get? A program that
 * is not position-independent and takes malloc's address has a symbol for it
 * too, which defines nothing.
 */
static bool
find_elsewhere(uintptr_t function, Dl_info *where)
{
    const ElfW(Sym) *symbol = NULL;

    if (function == 0 || own_image_holds(function))
        return false;
    if (dladdr1((void *)function, where, (void **)&symbol, RTLD_DL_SYMENT) == 0)
        return false;
    return symbol == NULL || symbol->st_shndx != SHN_UNDEF;
}

bool
passthrough_is_elsewhere(uintptr_t function)
{
    Dl_info where;

    return find_elsewhere(function, &where);
}

const char *
passthrough_reason(const struct in_force *in_force)
{
    const char *sanitizer = passthrough_sanitizer();
    Dl_info where;

    if (sanitizer != NULL)
        return sanitizer;
    if (dl_iterate_phdr(match_valgrind, NULL) != 0)
        return "valgrind replaces the allocator";
    if (!find_elsewhere((uintptr_t)in_force->malloc, &where) &&
        !find_elsewhere((uintptr_t)in_force->free, &where))
        return NULL;
    line_start(&reason, where.dli_fname);
    sink_text(&reason.sink, " defines malloc itself");
    return line_string(&reason);
}
