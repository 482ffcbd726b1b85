/* test_pool_slab.c - slots, slabs, and that none is ever lost. */
#include <criterion/criterion.h>

#include "os.h"
#include "pool_calls.h"
#include "pool_check.h"
#include "slab.h"
#include "space.h"

enum { PLACES = 400, STEPS = 20000 };

static struct {
    void *ptr;
    size_t bytes;
    uint64_t seed;
} place[PLACES];

static void
start(void)
{
    cr_assert(pool_init(&pool_config_default));
}

static void
assert_sound(const char *when)
{
    const char *broken = pool_check();

    cr_assert_null(broken, "%s: %s", when, broken);
}

static void
drop(unsigned at)
{
    cr_assert(pool_filled(place[at].ptr, place[at].bytes, place[at].seed));
    cr_assert_eq(pool_put(place[at].ptr), CACHE_PUT_DONE);
    place[at].ptr = NULL;
}

static void
take(unsigned at, size_t bytes, uint64_t draw)
{
    place[at].ptr = draw % 8 == 0 ? pool_get_aligned(bytes) : pool_get(bytes);
    cr_assert_not_null(place[at].ptr);
    place[at].bytes = bytes;
    place[at].seed = draw;
    pool_fill(place[at].ptr, bytes, draw);
}

static void
drop_all(void)
{
    for (unsigned at = 0; at < PLACES; at++) {
        if (place[at].ptr != NULL)
            drop(at);
    }
}

Test(pool_slab, random_gets_and_puts_keep_every_invariant, .init = start)
{
    uint64_t random = 11;

    for (unsigned step = 0; step < STEPS; step++) {
        uint64_t draw = pool_draw(&random);
        unsigned at = (unsigned)(draw >> 8) % PLACES;

        if (place[at].ptr != NULL)
            drop(at);
        else
            take(at, pool_draw_size(&random), draw >> 32);
        if (step % 500 == 0)
            assert_sound("in between");
        if (step % 3000 == 2999)
            (void)pool_purge();
    }
    drop_all();
    (void)pool_purge();
    assert_sound("at the end");
    cr_assert_eq(pool_census_live(), 0);
    cr_assert_eq(pool_census_idle(), 0);
}

/*
 * The most of so many buffers whose first lines meet in one of so many sets of
 * so many bytes each.
 */
static unsigned
most_in_a_set(size_t bytes, unsigned count, unsigned sets, unsigned unit)
{
    unsigned in_set[64] = {0};
    unsigned most = 0;

    for (unsigned i = 0; i < count; i++) {
        unsigned set = (unsigned)((uintptr_t)pool_get(bytes) / unit % sets);

        if (++in_set[set] > most)
            most = in_set[set];
    }
    return most;
}

Test(pool_slab, first_lines_of_large_buffers_spread_over_cache_sets,
     .init = start)
{
    cr_assert_leq(most_in_a_set(65536, 512, 64, CACHE_LINE_BYTES), 12);
    cr_assert_leq(most_in_a_set(49152, 512, 64, CACHE_LINE_BYTES), 12);
    cr_assert_leq(most_in_a_set(40960, 512, 64, CACHE_LINE_BYTES), 12);
}

Test(pool_slab, first_pages_of_large_buffers_spread_over_tlb_sets,
     .init = start)
{
    cr_assert_leq(most_in_a_set(65536, 512, 64, SMALL_PAGE_BYTES), 64);
    assert_sound("slabs of all colours");
}

/* As many as a buffer for each of 32 connections, say. */
Test(pool_slab, first_pages_of_few_large_buffers_spread_over_tlb_sets,
     .init = start)
{
    for (unsigned bin = 0; bin < SIZE_CLASSES; bin++) {
        unsigned most =
            most_in_a_set(bin_info[bin].slot_bytes, 32, 16, SMALL_PAGE_BYTES);

        cr_assert_leq(most, 6, "%u bytes: %u", bin_info[bin].slot_bytes, most);
    }
}

/* Checks also that the walker sees what is wrong: it must be able to fail. */
Test(pool_slab, the_walker_finds_a_lost_slot, .init = start)
{
    uint32_t *state;
    void *ptr = pool_get(4096);

    assert_sound("before");
    state = region_state(ptr);
    *state = state_freed(size_bin(4096));
    cr_assert_not_null(pool_check());
}

Test(pool_slab, the_walker_finds_a_slot_in_two_places, .init = start)
{
    void *ptr = pool_get(4096);
    struct slab *slab = slab_at((uint32_t)region_number(ptr));
    unsigned slot = slab_slot(ptr, slab->bin);

    slab->warm[slot / 64] |= (uint64_t)1 << (slot % 64);
    cr_assert_not_null(pool_check());
}

Test(pool_slab, the_walker_finds_a_wrong_counter, .init = start)
{
    (void)pool_get(4096);
    slab_resident_bytes++;
    cr_assert_not_null(pool_check());
}

/* Slabs are mapped when they are needed: others may have been there first. */
Test(pool_slab, something_in_the_way_of_new_slabs, .init = start)
{
    char *next = region_slab_start(region.low_commit);

    if (space_reserved())
        cr_skip("the region is reserved here");
    cr_assert(os_reserve_at(next, os_page_bytes()));
    for (unsigned i = 0; i < PLACES; i++)
        take(i, 65536, i);
    assert_sound("beside it");
    drop_all();
}

Test(pool_slab, slots_of_a_full_slab_do_not_overlap, .init = start)
{
    for (unsigned bin = 0; bin < SIZE_CLASSES; bin++) {
        size_t bytes = bin_info[bin].slot_bytes;
        unsigned count =
            bin_info[bin].slots < PLACES ? bin_info[bin].slots : PLACES;

        for (unsigned at = 0; at < count; at++)
            take(at, bytes, at + 1);
        drop_all();
    }
    assert_sound("every class");
}

/*
 * Memory moves from class to class: what is resident stays near the most
 * that was live at once. Without that it would be the sum of all classes.
 */
Test(pool_slab, memory_follows_the_sizes_in_use, .init = start)
{
    size_t most = 0;

    for (unsigned bin = 0; bin < 2 * SIZE_CLASSES; bin++) {
        size_t bytes = bin_info[bin % SIZE_CLASSES].slot_bytes;

        for (unsigned at = 0; at < PLACES; at++)
            take(at, bytes, at + 1);
        assert_sound("full");
        if (most < PLACES * bytes)
            most = PLACES * bytes;
        cr_assert(slab_resident_bytes < most * 3 / 2 + (28 << 20),
                  "%lu bytes resident, at most %zu live", slab_resident_bytes,
                  most);
        drop_all();
    }
    assert_sound("at the end");
}

Test(pool_slab, fresh_memory_reads_as_zero_and_is_said_to, .init = start)
{
    uint64_t random = 3;

    for (unsigned at = 0; at < PLACES; at++) {
        size_t bytes = pool_draw_size(&random);
        char *ptr = pool_get_zero(bytes);

        cr_assert_not_null(ptr);
        for (size_t i = 0; i < bytes; i++)
            cr_assert(ptr[i] == 0);
        memset(ptr, 0xee, bytes);
        place[at].ptr = ptr;
        if (at % 3 == 2) {
            (void)pool_put(place[at - 1].ptr);
            (void)pool_put(place[at - 2].ptr);
        }
        if (at % 50 == 49)
            (void)pool_purge();
    }
}
