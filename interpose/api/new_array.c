/* new_array.c - see new.h: array forms are the plain ones by default. */
#include "new.h"

NEW_OWN(_Znam)
NEW_OWN(_ZnamSt11align_val_t)
NEW_OWN(_ZdaPv)
NEW_OWN(_ZdaPvSt11align_val_t)

void *
_Znam(size_t size)
{
    return _Znwm(size);
}

void *
_ZnamSt11align_val_t(size_t size, size_t align)
{
    return _ZnwmSt11align_val_t(size, align);
}

void
_ZdaPv(void *ptr)
{
    _ZdlPv(ptr);
}

void
_ZdaPvSt11align_val_t(void *ptr, size_t align)
{
    _ZdlPvSt11align_val_t(ptr, align);
}
