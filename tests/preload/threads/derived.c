/*
 * derived.c - reallocarray, free_sized and cfree beside another allocator.
 *
 * Memory from one of them is freed by free and the other way round, so all of
 * them have to reach the same allocator. With OWN_MALLOC the program is that
 * allocator, and ends with status 9 on a pointer that is not its own.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef OWN_MALLOC
enum { ROOM_BYTES = 1 << 24, HEAD_BYTES = 16 };

static _Alignas(16) char room[ROOM_BYTES];
static size_t used;

static size_t *
head_of(void *ptr)
{
    return (size_t *)((uintptr_t)ptr - HEAD_BYTES);
}

static void
check_own(const void *ptr)
{
    if (ptr != NULL && ((uintptr_t)ptr < (uintptr_t)room ||
                        (uintptr_t)ptr >= (uintptr_t)room + ROOM_BYTES))
        _exit(9);
}

void *
malloc(size_t size)
{
    size_t whole = (size + HEAD_BYTES + 15) / 16 * 16;
    char *ptr = room + used + HEAD_BYTES;

    if (size > ROOM_BYTES || used + whole > ROOM_BYTES)
        return NULL;
    used += whole;
    *head_of(ptr) = size;
    return ptr;
}

void
free(void *ptr)
{
    check_own(ptr);
}

void *
calloc(size_t count, size_t size)
{
    return malloc(count * size); /* never used before, so zero */
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

extern void free_sized(void *ptr, size_t size) __attribute__((weak));
extern void free_aligned_sized(void *ptr, size_t align, size_t size)
    __attribute__((weak));

static void
cross(size_t count)
{
    char *ptr = reallocarray(NULL, count, 16);

    memset(ptr, 1, count * 16);
    free(ptr);
    ptr = reallocarray(malloc(count), count, 32);
    memset(ptr, 1, count * 32);
    free(ptr);
    if (free_sized != NULL)
        free_sized(malloc(count), count);
    if (free_aligned_sized != NULL)
        free_aligned_sized(malloc(count), 16, count);
}

int
main(void)
{
    for (size_t count = 10; count < 20000; count *= 3)
        cross(count);
    puts("fine");
    return 0;
}
