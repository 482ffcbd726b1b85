/*
 * by_runpath.c - a library is found along the caller's own path.
 *
 *     by_runpath NAME
 *
 * dlopen looks a bare name up in the RUNPATH of whoever calls it, which is
 * this program's directory. midpool's dlopen ends in a jump, so that the
 * caller stays the same.
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
    library = dlopen(argv[1], RTLD_NOW | RTLD_DEEPBIND);
    CHECK(library != NULL, "with RTLD_DEEPBIND: %s", dlerror());
    CHECK(dlclose(library) == 0, "dlclose");
    return 0;
}
