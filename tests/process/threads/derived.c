/*
 * derived.c - functions of malloc's family, and jemalloc's own, beside another
 * allocator.
 *
 * Memory from one of them is freed by free and the other way round, so all of
 * them have to reach the same allocator. With OWN_MALLOC the program is that
 * allocator, and ends with status 9 on a pointer that is not its own. It then
 * has the functions that more macros name, and lacks the others:
 * OWN_REALLOC (and calloc), OWN_MEMALIGN, OWN_ALIGNED_ALLOC,
 * OWN_POSIX_MEMALIGN, OWN_USABLE_SIZE.
 */
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mallinfo2.h"

enum { PAGE_BYTES = 4096 };

static bool any_alignment;

#ifdef OWN_MALLOC
enum { ROOM_BYTES = 1 << 25, HEAD_BYTES = 16 };

static _Alignas(PAGE_BYTES) char room[ROOM_BYTES];
static size_t used;

static size_t *
head_of(void *ptr)
{
    return (size_t *)((uintptr_t)ptr - HEAD_BYTES);
}

static int
is_own(const void *ptr)
{
    return ptr == NULL || ((uintptr_t)ptr >= (uintptr_t)room &&
                           (uintptr_t)ptr < (uintptr_t)room + ROOM_BYTES);
}

static void
check_own(const void *ptr)
{
    if (!is_own(ptr))
        _exit(9);
}

/* Dirty, as memory is that was used before. */
static void *
get(size_t align, size_t size)
{
    size_t at = (used + HEAD_BYTES + align - 1) / align * align;

    if (size > ROOM_BYTES || at + size > ROOM_BYTES)
        return NULL;
    used = at + size;
    *head_of(room + at) = size;
    return memset(room + at, 0x5a, size);
}

void *
malloc(size_t size)
{
    return get(HEAD_BYTES, size);
}

void
free(void *ptr)
{
    check_own(ptr);
}

#ifdef OWN_REALLOC
void *
calloc(size_t count, size_t size)
{
    void *ptr = get(HEAD_BYTES, count * size);

    return ptr == NULL ? NULL : memset(ptr, 0, count * size);
}

void *
realloc(void *ptr, size_t size)
{
    void *moved = malloc(size);

    check_own(ptr);
    if (moved != NULL && ptr != NULL)
        memcpy(moved, ptr, *head_of(ptr) < size ? *head_of(ptr) : size);
    return moved;
}
#endif

#ifdef OWN_MEMALIGN
void *
memalign(size_t align, size_t size)
{
    return get(align, size);
}
#endif

#ifdef OWN_ALIGNED_ALLOC
void *
aligned_alloc(size_t align, size_t size)
{
    return size % align == 0 ? get(align, size) : NULL;
}
#endif

#ifdef OWN_POSIX_MEMALIGN
int
posix_memalign(void **out, size_t align, size_t size)
{
    *out = align % sizeof(void *) == 0 ? get(align, size) : NULL;
    return *out == NULL ? ENOMEM : 0;
}
#endif

#ifdef OWN_USABLE_SIZE
size_t
malloc_usable_size(void *ptr)
{
    return ptr == NULL ? 0 : *head_of(ptr);
}
#endif
#endif

extern void free_sized(void *ptr, size_t size) __attribute__((weak));
extern void free_aligned_sized(void *ptr, size_t align, size_t size)
    __attribute__((weak));

extern void *mallocx(size_t size, int flags) __attribute__((weak));
extern void *rallocx(void *ptr, size_t size, int flags) __attribute__((weak));
extern size_t xallocx(void *ptr, size_t size, size_t extra, int flags)
    __attribute__((weak));
extern size_t sallocx(const void *ptr, int flags) __attribute__((weak));
extern void dallocx(void *ptr, int flags) __attribute__((weak));
extern void sdallocx(void *ptr, size_t size, int flags) __attribute__((weak));
extern size_t nallocx(size_t size, int flags) __attribute__((weak));

enum { LG_PAGE = 12, ZERO = 64 };

static void
fail(const char *what, size_t count)
{
    printf("%s, %zu\n", what, count);
    exit(8);
}

/* The compiler must not see that a block is not used. */
static void *
used_block(void *ptr, size_t bytes)
{
    __asm__ volatile("" : "+r"(ptr));
    if (ptr == NULL)
        fail("no block", bytes);
    return memset(ptr, 1, bytes);
}

static void
cross_arrays(size_t count)
{
    char *ptr = reallocarray(NULL, count, 16);

    used_block(ptr, count * 16);
    free(ptr);
    ptr = reallocarray(used_block(malloc(count), count), count, 32);
    if (ptr[0] != 1 || ptr[count - 1] != 1)
        fail("reallocarray lost bytes", count);
    free(used_block(ptr, count * 32));
    if (free_sized != NULL)
        free_sized(used_block(malloc(count), count), count);
    if (free_aligned_sized != NULL)
        free_aligned_sized(used_block(malloc(count), count), 16, count);
}

static void
cross_plain(size_t count)
{
    char *ptr = calloc(count, 3);

    for (size_t i = 0; i < count * 3; i++) {
        if (ptr[i] != 0)
            fail("calloc is not zero", count);
    }
    ptr = realloc(used_block(ptr, count * 3), count * 5);
    if (ptr[0] != 1 || ptr[count * 3 - 1] != 1)
        fail("realloc lost bytes", count);
    free(used_block(ptr, count * 5));
    ptr = realloc(NULL, count);
    free(used_block(ptr, count));
}

static void
check_aligned(const char *name, void *ptr, size_t align, size_t bytes)
{
    if ((uintptr_t)ptr % align != 0 && !any_alignment)
        fail(name, align);
    free(used_block(ptr, bytes));
}

/* Some allocators have some of them. */
static void
cross_jemalloc(size_t count)
{
    char *ptr;

    if (sdallocx != NULL)
        sdallocx(used_block(malloc(count), count), count, 0);
    if (nallocx != NULL && nallocx(count, 0) < count)
        fail("nallocx", count);
    if (mallocx == NULL || rallocx == NULL || dallocx == NULL)
        return;
    free(used_block(mallocx(count, 0), count));
    ptr = mallocx(count, ZERO);
    if (ptr[0] != 0 || ptr[count - 1] != 0)
        fail("mallocx is not zero", count);
    ptr = rallocx(used_block(ptr, count), count * 2, 0);
    if (ptr[0] != 1 || ptr[count - 1] != 1)
        fail("rallocx lost bytes", count);
    dallocx(used_block(ptr, count * 2), 0);
    check_aligned("mallocx", mallocx(count, LG_PAGE), PAGE_BYTES, count);
    ptr = used_block(malloc(count), count);
    if (xallocx(ptr, count, 0, 0) != sallocx(ptr, 0))
        fail("xallocx", count);
    ptr = rallocx(ptr, count + PAGE_BYTES, LG_PAGE);
    if (ptr != NULL) /* not where nobody knows what a block holds */
        check_aligned("rallocx", ptr, PAGE_BYTES, count + PAGE_BYTES);
}

static void
cross_aligned(size_t count)
{
    for (size_t align = sizeof(void *); align <= PAGE_BYTES; align *= 8) {
        size_t whole = (count + align - 1) / align * align;
        void *ptr = NULL;

        check_aligned("memalign", memalign(align, count), align, count);
        check_aligned("aligned_alloc", aligned_alloc(align, whole), align,
                      whole);
        if (posix_memalign(&ptr, align, count) != 0)
            fail("posix_memalign", count);
        check_aligned("posix_memalign", ptr, align, count);
    }
    check_aligned("valloc", valloc(count), PAGE_BYTES, count);
    check_aligned("pvalloc", pvalloc(count), PAGE_BYTES,
                  (count + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES);
}

/* Without a preloaded library the program gets libc's function. */
#ifdef OWN_MALLOC
static char *
info_of(int (*info)(int, FILE *))
{
    static char texts[2][4096];
    static int used_texts;
    char *text = texts[used_texts++ % 2];
    FILE *stream = fmemopen(text, sizeof texts[0], "w");

    if (stream == NULL || info(0, stream) != 0)
        fail("malloc_info", 0);
    fclose(stream);
    return text;
}

static void
check_libc(void)
{
    void *libc = dlopen("libc.so.6", RTLD_LAZY);
    struct mallinfo2 (*info)(void) = dlsym(libc, "mallinfo2");
    int (*text)(int, FILE *) = dlsym(libc, "malloc_info");
    struct mallinfo2 (*found)(void) = dlsym(RTLD_DEFAULT, "mallinfo2");

    if (info != NULL) { /* from glibc 2.33 on */
        struct mallinfo2 theirs = info();
        struct mallinfo2 ours = found();

        if (memcmp(&theirs, &ours, sizeof ours) != 0)
            fail("mallinfo2 is not libc's", ours.uordblks);
    }
    if (strcmp(info_of(text), info_of(malloc_info)) != 0)
        fail("malloc_info is not libc's", 0);
    malloc_stats();
    malloc_trim(0);
    if (mallopt(M_MXFAST, 64) != 1)
        fail("mallopt", 0);
}
#endif

/* A third party's allocator may align less than it was asked for. */
int
main(int argc, char **argv)
{
    any_alignment = argc > 1 && strcmp(argv[1], "unaligned") == 0;
    for (size_t count = 10; count < 20000; count *= 3) {
        cross_arrays(count);
#if !defined OWN_MALLOC || defined OWN_REALLOC || defined OWN_USABLE_SIZE
        cross_plain(count);
#endif
        cross_aligned(count);
        cross_jemalloc(count);
    }
#ifdef OWN_MALLOC
    check_libc();
#endif
    puts("fine");
    return 0;
}
