/* test_pool_size_class.c - sizes, classes, bins and pools. */
#include <criterion/criterion.h>

#include "cache.h"
#include "size_class.h"
#include "slab.h"

Test(pool_size_class, lookup_is_search_for_every_size)
{
    for (size_t bytes = BAND_MIN_BYTES; bytes <= BAND_MAX_BYTES; bytes++) {
        cr_assert_eq(size_bin(bytes), size_bin_by_search(bytes, false), "%zu",
                     bytes);
        cr_assert_eq(size_bin_aligned(bytes), size_bin_by_search(bytes, true),
                     "%zu", bytes);
    }
}

Test(pool_size_class, a_request_fits_and_wastes_at_most_a_fifth)
{
    for (size_t bytes = BAND_MIN_BYTES; bytes <= BAND_MAX_BYTES; bytes++) {
        size_t slot = bin_info[size_bin(bytes)].slot_bytes;

        cr_assert(slot >= bytes, "%zu", bytes);
        cr_assert(5 * (slot - bytes) <= slot, "%zu in %zu", bytes, slot);
    }
}

Test(pool_size_class, both_sides_of_every_class)
{
    for (unsigned bin = 0; bin < SIZE_CLASSES; bin++) {
        size_t most = bin_info[bin].slot_bytes;

        cr_assert_eq(size_bin(most), bin);
        cr_assert_eq(size_bin(most - 1), bin);
        if (bin + 1 < SIZE_CLASSES)
            cr_assert_eq(size_bin(most + 1), bin + 1);
    }
}

Test(pool_size_class, the_band_ends_where_it_says)
{
    cr_assert_not(size_in_band(0));
    cr_assert_not(size_in_band(2047));
    cr_assert(size_in_band(2048));
    cr_assert(size_in_band(65536));
    cr_assert_not(size_in_band(65537));
    cr_assert_not(size_in_band(SIZE_MAX));
}

Test(pool_size_class, strides_keep_slots_apart_and_aligned)
{
    for (unsigned bin = 0; bin < BINS; bin++) {
        const struct bin_info *info = &bin_info[bin];
        size_t align = bin < SIZE_CLASSES ? SLOT_ALIGN_BYTES : BIN_ALIGN_MAX;

        cr_assert(info->stride >= info->slot_bytes);
        cr_assert_eq(info->stride % align, 0);
        cr_assert(info->stride >= 1 << STATE_SHIFT,
                  "two slots would share a state word");
        cr_assert(slots_bytes(info, info->slots) <= SLAB_USED_BYTES);
        cr_assert(info->slots <= SLAB_MAP_WORDS * 64);
        cr_assert(info->magazine_rounds <= MAGAZINE_ROUNDS);
        cr_assert(info->run_slots >= 1);
    }
}

static void
expect_place(const struct bin_info *info, unsigned slot)
{
    uint32_t start = slot_offset(info, slot);

    if (slot > 0)
        cr_assert_geq(start, slots_bytes(info, slot));
    cr_assert_eq(slot_at_offset(info, start), slot);
    cr_assert_eq(slot_at_offset(info, start + info->stride - 1), slot);
    cr_assert_eq(slots_within(info, slots_bytes(info, slot + 1) - 1), slot);
    cr_assert_eq(slots_within(info, slots_bytes(info, slot + 1)), slot + 1);
}

Test(pool_size_class, slots_are_found_at_their_places)
{
    for (unsigned bin = 0; bin < BINS; bin++) {
        const struct bin_info *info = &bin_info[bin];

        for (unsigned slot = 0; slot < info->slots; slot++)
            expect_place(info, slot);
        cr_assert_gt(slots_bytes(info, info->slots + 1u), SLAB_USED_BYTES,
                     "bin %u has room for a slot more", bin);
        cr_assert_eq(slots_within(info, SLAB_USED_BYTES), info->slots);
    }
}

Test(pool_size_class, offsets_lead_to_bins_and_back)
{
    for (unsigned bin = 0; bin < BINS; bin++) {
        cr_assert_eq(bin_of_offset(bin_offset(bin)), bin);
        cr_assert_eq(bin_offset(bin),
                     offsetof(struct cache, bin) + bin * sizeof(struct bin));
    }
}

Test(pool_size_class, classes_belong_to_the_pool_that_holds_them)
{
    static struct stats_header page;
    unsigned classes[PAGE_POOLS] = {0};

    size_class_describe(&page);
    for (unsigned i = 0; i < SIZE_CLASSES; i++) {
        unsigned pool = page.class_pool[i];

        classes[pool]++;
        cr_assert(page.class_bytes[i] <= page.pool_bytes[pool]);
        cr_assert(pool == 0 || page.class_bytes[i] > page.pool_bytes[pool - 1]);
    }
    cr_assert_eq(page.pool_bytes[0], 2048);
    cr_assert_eq(page.pool_bytes[5], 65536);
    cr_assert_eq(classes[0], 1);
    cr_assert_eq(classes[1], 4);
    /* One for buffers with a small header, beside four equal steps. */
    for (unsigned pool = 2; pool < PAGE_POOLS; pool++)
        cr_assert_eq(classes[pool], 5);
}
