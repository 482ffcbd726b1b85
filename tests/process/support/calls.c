/*
 * calls.c - every allocating and every releasing call (see calls.h).
 */
#include "calls.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <string.h>

#include "check.h"

/* One line a function: name of our pointer, symbol, type. */
#define FUNCTIONS(F)                                                           \
    F(malloc, void *, (size_t))                                                \
    F(calloc, void *, (size_t, size_t))                                        \
    F(realloc, void *, (void *, size_t))                                       \
    F(reallocarray, void *, (void *, size_t, size_t))                          \
    F(aligned_alloc, void *, (size_t, size_t))                                 \
    F(posix_memalign, int, (void **, size_t, size_t))                          \
    F(memalign, void *, (size_t, size_t))                                      \
    F(valloc, void *, (size_t))                                                \
    F(pvalloc, void *, (size_t))                                               \
    F(__libc_malloc, void *, (size_t))                                         \
    F(__libc_calloc, void *, (size_t, size_t))                                 \
    F(__libc_realloc, void *, (void *, size_t))                                \
    F(__libc_memalign, void *, (size_t, size_t))                               \
    F(__libc_valloc, void *, (size_t))                                         \
    F(__libc_pvalloc, void *, (size_t))                                        \
    F(__libc_free, void, (void *))                                             \
    F(free, void, (void *))                                                    \
    F(cfree, void, (void *))                                                   \
    F(free_sized, void, (void *, size_t))                                      \
    F(free_aligned_sized, void, (void *, size_t, size_t))                      \
    F(malloc_usable_size, size_t, (void *))                                    \
    F(_Znwm, void *, (size_t))                                                 \
    F(_Znam, void *, (size_t))                                                 \
    F(_ZnwmRKSt9nothrow_t, void *, (size_t, const void *))                     \
    F(_ZnamRKSt9nothrow_t, void *, (size_t, const void *))                     \
    F(_ZnwmSt11align_val_t, void *, (size_t, size_t))                          \
    F(_ZnamSt11align_val_t, void *, (size_t, size_t))                          \
    F(_ZnwmSt11align_val_tRKSt9nothrow_t, void *,                              \
      (size_t, size_t, const void *))                                          \
    F(_ZnamSt11align_val_tRKSt9nothrow_t, void *,                              \
      (size_t, size_t, const void *))                                          \
    F(_ZdlPv, void, (void *))                                                  \
    F(_ZdaPv, void, (void *))                                                  \
    F(_ZdlPvm, void, (void *, size_t))                                         \
    F(_ZdaPvm, void, (void *, size_t))                                         \
    F(_ZdlPvRKSt9nothrow_t, void, (void *, const void *))                      \
    F(_ZdaPvRKSt9nothrow_t, void, (void *, const void *))                      \
    F(_ZdlPvSt11align_val_t, void, (void *, size_t))                           \
    F(_ZdaPvSt11align_val_t, void, (void *, size_t))                           \
    F(_ZdlPvmSt11align_val_t, void, (void *, size_t, size_t))                  \
    F(_ZdaPvmSt11align_val_t, void, (void *, size_t, size_t))                  \
    F(_ZdlPvSt11align_val_tRKSt9nothrow_t, void,                               \
      (void *, size_t, const void *))                                          \
    F(_ZdaPvSt11align_val_tRKSt9nothrow_t, void, (void *, size_t, const void *))

#define DECLARE(name, result, args) static result(*p_##name) args;
FUNCTIONS(DECLARE)
#undef DECLARE

/* std::nothrow is an empty object: any address will do. */
static const char nothrow_object;

enum { ALIGN = 256, PAGE = 4096 };

/* clang-format off */
#define GET(name, body) \
    static void *get_##name(size_t n) { return body; }
GET(malloc, p_malloc(n))
GET(calloc, p_calloc(1, n))
GET(realloc, p_realloc(NULL, n))
GET(reallocarray, p_reallocarray(NULL, 1, n))
GET(aligned_alloc, p_aligned_alloc(ALIGN, n))
GET(memalign, p_memalign(ALIGN, n))
GET(valloc, p_valloc(n))
GET(pvalloc, p_pvalloc(n))
GET(__libc_malloc, p___libc_malloc(n))
GET(__libc_calloc, p___libc_calloc(n, 1))
GET(__libc_realloc, p___libc_realloc(NULL, n))
GET(__libc_memalign, p___libc_memalign(ALIGN, n))
GET(__libc_valloc, p___libc_valloc(n))
GET(__libc_pvalloc, p___libc_pvalloc(n))
GET(_Znwm, p__Znwm(n))
GET(_Znam, p__Znam(n))
GET(_ZnwmRKSt9nothrow_t, p__ZnwmRKSt9nothrow_t(n, &nothrow_object))
GET(_ZnamRKSt9nothrow_t, p__ZnamRKSt9nothrow_t(n, &nothrow_object))
GET(_ZnwmSt11align_val_t, p__ZnwmSt11align_val_t(n, ALIGN))
GET(_ZnamSt11align_val_t, p__ZnamSt11align_val_t(n, ALIGN))
GET(_ZnwmSt11align_val_tRKSt9nothrow_t,
    p__ZnwmSt11align_val_tRKSt9nothrow_t(n, ALIGN, &nothrow_object))
GET(_ZnamSt11align_val_tRKSt9nothrow_t,
    p__ZnamSt11align_val_tRKSt9nothrow_t(n, ALIGN, &nothrow_object))
#undef GET

static void *
get_posix_memalign(size_t n)
{
    void *ptr = NULL;
    return p_posix_memalign(&ptr, ALIGN, n) == 0 ? ptr : NULL;
}

#define PUT(name, body)                                                        \
    static void put_##name(void *p, size_t n, size_t align)                    \
    { (void)n; (void)align; body; }
PUT(free, p_free(p))
PUT(cfree, p_cfree(p))
PUT(realloc, CHECK(p_realloc(p, 0) == NULL, "realloc(p, 0)"))
PUT(free_sized, p_free_sized(p, n))
PUT(free_aligned_sized, p_free_aligned_sized(p, align, n))
PUT(__libc_free, p___libc_free(p))
PUT(__libc_realloc, CHECK(p___libc_realloc(p, 0) == NULL, "realloc(p, 0)"))
PUT(_ZdlPv, p__ZdlPv(p))
PUT(_ZdaPv, p__ZdaPv(p))
PUT(_ZdlPvm, p__ZdlPvm(p, n))
PUT(_ZdaPvm, p__ZdaPvm(p, n))
PUT(_ZdlPvRKSt9nothrow_t, p__ZdlPvRKSt9nothrow_t(p, &nothrow_object))
PUT(_ZdaPvRKSt9nothrow_t, p__ZdaPvRKSt9nothrow_t(p, &nothrow_object))
PUT(_ZdlPvSt11align_val_t, p__ZdlPvSt11align_val_t(p, align))
PUT(_ZdaPvSt11align_val_t, p__ZdaPvSt11align_val_t(p, align))
PUT(_ZdlPvmSt11align_val_t, p__ZdlPvmSt11align_val_t(p, n, align))
PUT(_ZdaPvmSt11align_val_t, p__ZdaPvmSt11align_val_t(p, n, align))
PUT(_ZdlPvSt11align_val_tRKSt9nothrow_t,
    p__ZdlPvSt11align_val_tRKSt9nothrow_t(p, align, &nothrow_object))
PUT(_ZdaPvSt11align_val_tRKSt9nothrow_t,
    p__ZdaPvSt11align_val_tRKSt9nothrow_t(p, align, &nothrow_object))
#undef PUT

#define A(n, fam, al, ...) {.name = #n, .get = get_##n, .family = fam, \
                            .align = al, __VA_ARGS__}
const struct alloc_call alloc_calls[] = {
    A(malloc, CALL_MALLOC, 16),
    A(calloc, CALL_MALLOC, 16, .zeroed = true),
    A(realloc, CALL_MALLOC, 16),
    A(reallocarray, CALL_MALLOC, 16),
    A(aligned_alloc, CALL_ALIGNED, ALIGN),
    A(posix_memalign, CALL_PAGE, ALIGN),
    A(memalign, CALL_PAGE, ALIGN),
    A(valloc, CALL_PAGE, PAGE),
    A(pvalloc, CALL_PAGE, PAGE),
    A(__libc_malloc, CALL_MALLOC, 16),
    A(__libc_calloc, CALL_MALLOC, 16, .zeroed = true),
    A(__libc_realloc, CALL_MALLOC, 16),
    A(__libc_memalign, CALL_PAGE, ALIGN),
    A(__libc_valloc, CALL_PAGE, PAGE),
    A(__libc_pvalloc, CALL_PAGE, PAGE),
    A(_Znwm, CALL_MALLOC, 16, .throws = true),
    A(_Znam, CALL_MALLOC, 16, .throws = true),
    A(_ZnwmRKSt9nothrow_t, CALL_MALLOC, 16),
    A(_ZnamRKSt9nothrow_t, CALL_MALLOC, 16),
    A(_ZnwmSt11align_val_t, CALL_ALIGNED, ALIGN, .throws = true),
    A(_ZnamSt11align_val_t, CALL_ALIGNED, ALIGN, .throws = true),
    A(_ZnwmSt11align_val_tRKSt9nothrow_t, CALL_ALIGNED, ALIGN),
    A(_ZnamSt11align_val_tRKSt9nothrow_t, CALL_ALIGNED, ALIGN),
    {0},
};

#define R(n, ...) {.name = #n, .put = put_##n, __VA_ARGS__}
const struct free_call free_calls[] = {
    R(free), R(cfree), R(realloc), R(__libc_free), R(__libc_realloc),
    R(free_sized, .sized = true),
    R(free_aligned_sized, .sized = true, .aligned = true),
    R(_ZdlPv), R(_ZdaPv),
    R(_ZdlPvm, .sized = true), R(_ZdaPvm, .sized = true),
    R(_ZdlPvRKSt9nothrow_t), R(_ZdaPvRKSt9nothrow_t),
    R(_ZdlPvSt11align_val_t, .aligned = true),
    R(_ZdaPvSt11align_val_t, .aligned = true),
    R(_ZdlPvmSt11align_val_t, .sized = true, .aligned = true),
    R(_ZdaPvmSt11align_val_t, .sized = true, .aligned = true),
    R(_ZdlPvSt11align_val_tRKSt9nothrow_t, .aligned = true),
    R(_ZdaPvSt11align_val_tRKSt9nothrow_t, .aligned = true),
    {0},
};

#define EDGE(n) (n) - 1, (n), (n) + 1
const size_t call_sizes[] = {
    0, 1, 15, 16, 17, 24, 100, 512, 1024, 1792,
    EDGE(2048), EDGE(2560), EDGE(3072), EDGE(3584), EDGE(4096),
    EDGE(5120), EDGE(6144), EDGE(7168), EDGE(8192),
    EDGE(10240), EDGE(12288), EDGE(14336), EDGE(16384),
    EDGE(20480), EDGE(24576), EDGE(28672), EDGE(32768),
    EDGE(40960), EDGE(49152), EDGE(57344), EDGE(65536),
    81920, 131072, 1048576, 3145728,
};
/* clang-format on */
const size_t call_size_count = sizeof(call_sizes) / sizeof(call_sizes[0]);

static void
find(void *slot, const char *name)
{
    void *found = dlsym(RTLD_DEFAULT, name);
    memcpy(slot, &found, sizeof(found));
}

void
calls_init(void)
{
#define FIND(name, result, args) find(&p_##name, #name);
    FUNCTIONS(FIND)
#undef FIND
    if (!check_preloaded())
        return;
#define PRESENT(name, result, args) CHECK(p_##name != NULL, #name);
    FUNCTIONS(PRESENT)
#undef PRESENT
}

bool
calls_has(const char *name)
{
    return dlsym(RTLD_DEFAULT, name) != NULL;
}

void *
calls_find(const char *name)
{
    void *found = dlsym(RTLD_DEFAULT, name);
    CHECK(found != NULL, "%s", name);
    return found;
}

bool
calls_match(const struct alloc_call *from, const struct free_call *to)
{
    if (from->family == CALL_PAGE)
        return !to->sized;
    if (to->sized)
        return to->aligned == (from->family == CALL_ALIGNED);
    return true;
}

size_t
calls_usable(void *ptr)
{
    return p_malloc_usable_size(ptr);
}
