/*
 * load.c - see load.h.
 */
#include "load.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pool_calls.h"

enum { ERRNO_KEPT = 4321, RARE = 64 };

void
load_fail(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    _exit(1);
}

void
load_init(struct load *load, uint64_t seed)
{
    memset(load, 0, sizeof(*load));
    load->random = seed * 2 + 1;
}

static void
check_place(const struct load *load, unsigned at)
{
    if (!pool_filled(load->place[at].ptr, load->place[at].bytes,
                     load->place[at].seed))
        load_fail("step %u: contents of %p (%zu bytes) changed", load->steps,
                  load->place[at].ptr, load->place[at].bytes);
}

static void
drop(struct load *load, unsigned at)
{
    check_place(load, at);
    if (pool_put(load->place[at].ptr) != CACHE_PUT_DONE)
        load_fail("step %u: put of %p was refused", load->steps,
                  load->place[at].ptr);
    load->place[at].ptr = NULL;
}

static void
check_zero(const struct load *load, const char *ptr, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (ptr[i] != 0)
            load_fail("step %u: %p is not zero at %zu of %zu", load->steps,
                      (const void *)ptr, i, bytes);
    }
}

static void *
take(struct load *load, size_t bytes, unsigned kind)
{
    void *ptr;

    if (kind == 0) {
        ptr = pool_get_aligned(bytes);
        if ((uintptr_t)ptr % SMALL_PAGE_BYTES != 0)
            load_fail("step %u: %p is not aligned", load->steps, ptr);
    } else if (kind == 1) {
        ptr = pool_get_zero(bytes);
        if (ptr != NULL)
            check_zero(load, ptr, bytes);
    } else {
        ptr = pool_get(bytes);
    }
    return ptr;
}

static void
fill(struct load *load, unsigned at, size_t bytes)
{
    load->place[at].bytes = bytes;
    load->place[at].seed = pool_draw(&load->random);
    pool_fill(load->place[at].ptr, bytes, load->place[at].seed);
}

static void
get(struct load *load, unsigned at)
{
    size_t bytes = pool_draw_size(&load->random);

    load->place[at].ptr = take(load, bytes, pool_draw(&load->random) % 8);
    if (load->place[at].ptr == NULL)
        load->refused++;
    else
        fill(load, at, bytes);
}

static void
resize(struct load *load, unsigned at)
{
    size_t bytes = pool_draw_size(&load->random);
    size_t kept = load->place[at].bytes;
    void *moved = pool_resize(load->place[at].ptr, bytes);
    uint64_t first;

    if (moved == NULL) {
        load->refused++;
        check_place(load, at);
        return;
    }
    memcpy(&first, moved, sizeof(first));
    if (first != load->place[at].seed ||
        (bytes >= kept && !pool_filled(moved, kept, load->place[at].seed)))
        load_fail("step %u: contents changed as %zu became %zu bytes",
                  load->steps, kept, bytes);
    load->place[at].ptr = moved;
    fill(load, at, bytes);
}

/* The thread sanitizer changes errno where it looks up a race's stack. */
static bool
errno_is_kept(void)
{
#if defined(__SANITIZE_THREAD__)
    return true;
#else
    return errno == ERRNO_KEPT;
#endif
}

void
load_step(struct load *load)
{
    uint64_t draw = pool_draw(&load->random);
    /* Waves: now most places are full, now few are. */
    unsigned most = load->steps / 512 % 2 ? LOAD_PLACES / 8 : LOAD_PLACES;
    unsigned at = (unsigned)(draw >> 8) % LOAD_PLACES;

    load->steps++;
    errno = ERRNO_KEPT;
    if (load->place[at].ptr == NULL && at < most)
        get(load, at);
    else if (load->place[at].ptr != NULL && draw % 8 == 0)
        resize(load, at);
    else if (load->place[at].ptr != NULL)
        drop(load, at);
    if (!errno_is_kept())
        load_fail("step %u: errno became %d", load->steps, errno);
}

static void
configure(uint64_t draw)
{
    struct pool_config config = pool_config_default;

    config.decay_ms = draw % 3 == 0 ? 0 : draw % 3 == 1 ? -1 : 10000;
    config.pool_max_bytes = draw / 3 % 3 == 0 ? 1 << 20 : 0;
    config.thp = draw / 9 % 3;
    pool_configure(&config);
}

void
load_step_rare(struct load *load)
{
    uint64_t draw = pool_draw(&load->random);

    load_step(load);
    if (draw % RARE == 0)
        (void)pool_purge();
    else if (draw % RARE == 1)
        (void)pool_warm(pool_draw_size(&load->random), draw >> 8 & 15);
    else if (draw % RARE == 2)
        configure(draw >> 8);
    else if (draw % RARE == 3)
        (void)pool_tick();
    else if (draw % RARE == 4)
        (void)pool_unmap();
}

void
load_drop(struct load *load)
{
    for (unsigned at = 0; at < LOAD_PLACES; at++) {
        if (load->place[at].ptr != NULL)
            drop(load, at);
    }
}
