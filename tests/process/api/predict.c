/*
 * predict.c - says what midpool's report has to say about this process.
 *
 *     predict SEED CALLS EXPECTED-FILE
 *
 * Makes CALLS random calls of all kinds and counts them itself, by the
 * meaning of each counter in the contract and without a look at midpool's
 * own: a get is a miss if its address was never handed out before, a realloc
 * is in place if the address stayed. It allocates nothing else: no stdio, no
 * C++ library, tables in static memory. The result is written as JSON, which
 * predict.py compares with the report, number for number.
 */
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "predict.h"

enum { BLOCKS = 600 };

struct block {
    void *ptr;
    size_t size;
    size_t align; /* 0: from malloc and its like */
    bool resized; /* no sized delete for such a block */
};

static struct block blocks[BLOCKS];
static uint64_t state;

/* C++ operators and C23, which midpool has and this libc has not. */
extern void *_Znwm(size_t) __attribute__((weak));
extern void _ZdlPvm(void *, size_t) __attribute__((weak));
extern void free_sized(void *, size_t) __attribute__((weak));
extern void free_aligned_sized(void *, size_t, size_t) __attribute__((weak));

static size_t
random_size(void)
{
    uint64_t draw = check_random(&state);
    size_t value = (size_t)(draw >> 16);
    switch (draw % 10) {
    case 0:
        return value % 64;
    case 1:
        return value % 2048;
    case 2:
        return 65536 + value % 200000;
    case 3: /* edges */
        return (size_t)(2048u << (value % 6)) - 1 + (value >> 8) % 3;
    case 4:
    case 5:
        return 2048 + value % 2048;
    default:
        return 2048 + value % (65536 - 2048 + 1);
    }
}

static size_t
random_align(void)
{
    return (size_t)8 << (check_random(&state) >> 20) % 12; /* to 16 KB */
}

/* Allocates into an empty place. */
static void
take(struct block *block, unsigned kind)
{
    size_t size = random_size();
    size_t align = 0;
    bool zeroed = false;
    void *ptr = NULL;
    switch (kind) {
    case 0:
        zeroed = true;
        ptr = calloc(1 + size % 3, size / (1 + size % 3));
        size = size / (1 + size % 3) * (1 + size % 3);
        break;
    case 1:
        align = random_align();
        ptr = memalign(align, size);
        break;
    case 2:
        align = random_align();
        CHECK(posix_memalign(&ptr, align, size) == 0, "posix_memalign");
        break;
    case 3:
        align = random_align();
        ptr = aligned_alloc(align, size);
        break;
    case 4:
        align = 4096;
        ptr = valloc(size);
        break;
    case 5:
        align = 4096;
        ptr = pvalloc(size);
        size = (size + 4095) / 4096 * 4096;
        break;
    case 6:
        ptr = realloc(NULL, size);
        break;
    case 7:
        ptr = reallocarray(NULL, 1, size);
        break;
    case 8:
        ptr = _Znwm ? _Znwm(size) : malloc(size);
        break;
    default:
        ptr = malloc(size);
    }
    CHECK(ptr != NULL, "call %u of %zu", kind, size);
    predict_get(ptr, size, align, zeroed);
    *block = (struct block){ptr, size, align, false};
}

static void
drop(struct block *block, unsigned kind)
{
    predict_put(block->ptr, block->size, block->align);
    if (kind == 0 && block->align == 0 && free_sized)
        free_sized(block->ptr, block->size);
    else if (kind == 1 && block->align == 0 && !block->resized && _ZdlPvm)
        _ZdlPvm(block->ptr, block->size);
    else if (kind == 2 && block->size > 0)
        CHECK(realloc(block->ptr, 0) == NULL, "realloc(p, 0)");
    else
        free(block->ptr);
    block->ptr = NULL;
}

static void
resize(struct block *block)
{
    size_t size = random_size() + 1;
    void *old = block->ptr;
    uintptr_t before = (uintptr_t)old;
    void *now = realloc(old, size);
    CHECK(now != NULL, "realloc to %zu", size);
    predict_resize(before, block->size, block->align, now, size);
    /* In place it is the block that it was, with its alignment. */
    if ((uintptr_t)now != before)
        block->align = 0;
    *block = (struct block){now, size, block->align, true};
}

int
main(int argc, char **argv)
{
    CHECK(argc == 4, "usage: predict SEED CALLS EXPECTED-FILE");
    state = strtoull(argv[1], NULL, 10) * 0x9e3779b97f4a7c15u + 1;
    unsigned long calls = strtoul(argv[2], NULL, 10);
    for (unsigned long i = 0; i < calls; i++) {
        uint64_t draw = check_random(&state);
        struct block *block = &blocks[(draw >> 32) % BLOCKS];
        unsigned kind = (unsigned)(draw >> 8) % 16;
        if (!block->ptr)
            take(block, kind);
        else if (draw % 5 == 0)
            resize(block);
        else
            drop(block, kind);
    }
    int fd = open(argv[3], O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0, "%s", argv[3]);
    predict_write(fd);
    close(fd);
    return 0;
}
