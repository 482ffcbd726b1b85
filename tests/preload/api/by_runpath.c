/*
 * by_runpath.c - a library is found along the caller's own path.
 *
 *     by_runpath NAME
 *
 * dlopen looks a bare name up in the RUNPATH of whoever calls it, which is
 * this program's directory. Preloading a dlopen of one's own would make the
 * caller another one, and break it.
 */
#include <dlfcn.h>
#include <string.h>

#include "check.h"

int
main(int argc, char **argv)
{
    CHECK(argc == 2 && !strchr(argv[1], '/'), "usage: by_runpath NAME");
    void *library = dlopen(argv[1], RTLD_NOW);
    CHECK(library != NULL, "%s", dlerror());
    CHECK(dlsym(library, "foreign_work") != NULL, "%s", dlerror());
    CHECK(dlclose(library) == 0, "dlclose");
    return 0;
}
