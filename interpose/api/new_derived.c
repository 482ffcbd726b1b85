/* new_derived.c - see new.h: nothrow and sized forms. */
#include "cxx_library.h"
#include "midpool_exports.h"
#include "new.h"
#include "sized.h"

/* Are the operators in force below a form ours? */
static bool
plain_is_own(void)
{
    return NEW_IS_OWN(_Znwm);
}

static bool
array_is_own(void)
{
    return NEW_IS_OWN(_Znam) && plain_is_own();
}

static bool
aligned_is_own(void)
{
    return NEW_IS_OWN(_ZnwmSt11align_val_t);
}

static bool
aligned_array_is_own(void)
{
    return NEW_IS_OWN(_ZnamSt11align_val_t) && aligned_is_own();
}

static void *
new_nothrow(bool own, const char *name, size_t size, const nothrow *tag)
{
    void *ptr = own ? malloc(size) : NULL;

    if (__builtin_expect(ptr != NULL, 1))
        return ptr;
    return cxx_library_new_nothrow(name, size, tag);
}

static void *
new_aligned_nothrow(bool own, const char *name, size_t size, size_t align,
                    const nothrow *tag)
{
    void *ptr = own ? new_aligned(size, align) : NULL;

    if (__builtin_expect(ptr != NULL, 1))
        return ptr;
    return cxx_library_new_aligned_nothrow(name, size, align, tag);
}

void *
_ZnwmRKSt9nothrow_t(size_t size, const nothrow *tag)
{
    return new_nothrow(plain_is_own(), __func__, size, tag);
}

void *
_ZnamRKSt9nothrow_t(size_t size, const nothrow *tag)
{
    return new_nothrow(array_is_own(), __func__, size, tag);
}

void *
_ZnwmSt11align_val_tRKSt9nothrow_t(size_t size, size_t align,
                                   const nothrow *tag)
{
    return new_aligned_nothrow(aligned_is_own(), __func__, size, align, tag);
}

void *
_ZnamSt11align_val_tRKSt9nothrow_t(size_t size, size_t align,
                                   const nothrow *tag)
{
    return new_aligned_nothrow(aligned_array_is_own(), __func__, size, align,
                               tag);
}

/*
 * Sizes can be judged only where both new and delete are ours: a program's
 * own new may have asked malloc for more.
 */
void
_ZdlPvm(void *ptr, size_t size)
{
    if (plain_is_own() && NEW_IS_OWN(_ZdlPv))
        sized_check_exact("operator delete", ptr, size);
    _ZdlPv(ptr);
}

void
_ZdaPvm(void *ptr, size_t size)
{
    if (array_is_own() && NEW_IS_OWN(_ZdaPv) && NEW_IS_OWN(_ZdlPv))
        sized_check_exact("operator delete[]", ptr, size);
    _ZdaPv(ptr);
}

void
_ZdlPvRKSt9nothrow_t(void *ptr, const nothrow *tag)
{
    (void)tag;
    _ZdlPv(ptr);
}

void
_ZdaPvRKSt9nothrow_t(void *ptr, const nothrow *tag)
{
    (void)tag;
    _ZdaPv(ptr);
}

void
_ZdlPvmSt11align_val_t(void *ptr, size_t size, size_t align)
{
    if (aligned_is_own() && NEW_IS_OWN(_ZdlPvSt11align_val_t))
        sized_check_room("operator delete", ptr, size);
    _ZdlPvSt11align_val_t(ptr, align);
}

void
_ZdaPvmSt11align_val_t(void *ptr, size_t size, size_t align)
{
    if (aligned_array_is_own() && NEW_IS_OWN(_ZdaPvSt11align_val_t) &&
        NEW_IS_OWN(_ZdlPvSt11align_val_t))
        sized_check_room("operator delete[]", ptr, size);
    _ZdaPvSt11align_val_t(ptr, align);
}

void
_ZdlPvSt11align_val_tRKSt9nothrow_t(void *ptr, size_t align, const nothrow *tag)
{
    (void)tag;
    _ZdlPvSt11align_val_t(ptr, align);
}

void
_ZdaPvSt11align_val_tRKSt9nothrow_t(void *ptr, size_t align, const nothrow *tag)
{
    (void)tag;
    _ZdaPvSt11align_val_t(ptr, align);
}
