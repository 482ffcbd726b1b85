/* passthrough.c - see passthrough.h. */
#include "passthrough.h"

#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>

#include "line.h"

struct tool {
    const char *symbol; /* that its runtime defines, or NULL */
    const char *file;   /* part of its runtime's file name, or NULL */
    const char *reason;
};

static const struct tool tools[] = {
    {"__asan_init", "libasan.so", "AddressSanitizer has its own allocator"},
    {"__tsan_init", "libtsan.so", "ThreadSanitizer has its own allocator"},
    {"__msan_init", "libmsan.so", "MemorySanitizer has its own allocator"},
    {"__lsan_init", "liblsan.so", "LeakSanitizer has its own allocator"},
    {"__hwasan_init", NULL, "HWAddressSanitizer has its own allocator"},
    {NULL, "vgpreload_", "valgrind replaces the allocator"},
};

enum { TOOLS = sizeof tools / sizeof tools[0] };

static struct line reason;

static int
match_file(struct dl_phdr_info *info, size_t size, void *found)
{
    (void)size;
    for (size_t i = 0; i < TOOLS; i++) {
        if (tools[i].file != NULL &&
            strstr(info->dlpi_name, tools[i].file) != NULL) {
            *(const char **)found = tools[i].reason;
            return 1;
        }
    }
    return 0;
}

static const char *
find_tool(void)
{
    const char *found = NULL;

    dl_iterate_phdr(match_file, &found);
    for (size_t i = 0; found == NULL && i < TOOLS; i++) {
        if (tools[i].symbol != NULL &&
            dlsym(RTLD_DEFAULT, tools[i].symbol) != NULL)
            found = tools[i].reason;
    }
    return found;
}

/*
 * Which object's definition of the function do programs get? False when it
 * is ours or there is none. A program that is not position-independent and
 * takes malloc's address has a symbol for it too, which defines nothing.
 */
static bool
is_defined_elsewhere(const char *function, Dl_info *where)
{
    void *address = dlsym(RTLD_DEFAULT, function);
    const ElfW(Sym) *symbol = NULL;
    Dl_info here;

    if (address == NULL || dladdr(&reason, &here) == 0 ||
        dladdr1(address, where, (void **)&symbol, RTLD_DL_SYMENT) == 0)
        return false;
    if (symbol != NULL && symbol->st_shndx == SHN_UNDEF)
        return false;
    return where->dli_fbase != here.dli_fbase;
}

const char *
passthrough_reason(void)
{
    const char *tool = find_tool();
    Dl_info where;

    if (tool != NULL)
        return tool;
    if (!is_defined_elsewhere("malloc", &where) &&
        !is_defined_elsewhere("free", &where))
        return NULL;
    line_start(&reason, where.dli_fname);
    line_add(&reason, " defines malloc itself");
    return reason.text;
}
