/* new.c - see new.h: the forms that malloc and free stand behind. */
#include "new.h"

#include <stdlib.h>

#include "cxx_library.h"

NEW_OWN(_Znwm)
NEW_OWN(_ZnwmSt11align_val_t)
NEW_OWN(_ZdlPv)
NEW_OWN(_ZdlPvSt11align_val_t)

void *
new_aligned(size_t size, size_t align)
{
    void *ptr = NULL;

    if (align < sizeof(void *))
        align = sizeof(void *);
    return posix_memalign(&ptr, align, size) == 0 ? ptr : NULL;
}

void *
_Znwm(size_t size)
{
    void *ptr = malloc(size);

    if (__builtin_expect(ptr != NULL, 1))
        return ptr;
    return cxx_library_new("_Znwm", size);
}

void *
_ZnwmSt11align_val_t(size_t size, size_t align)
{
    void *ptr = new_aligned(size, align);

    if (__builtin_expect(ptr != NULL, 1))
        return ptr;
    return cxx_library_new_aligned("_ZnwmSt11align_val_t", size, align);
}

void
_ZdlPv(void *ptr)
{
    free(ptr);
}

void
_ZdlPvSt11align_val_t(void *ptr, size_t align)
{
    (void)align;
    free(ptr);
}
