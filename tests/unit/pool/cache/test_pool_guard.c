/* test_pool_guard.c - slots between protected pages, without their faults. */
#include <criterion/criterion.h>
#include <string.h>

#include "guard.h"
#include "os.h"
#include "pool_calls.h"
#include "pool_check.h"
#include "settings.h"
#include "thread.h"

enum { FEW = 5, MANY = 200, AREA_BYTES = BAND_MAX_BYTES };

static struct pool_guard_find last;
static unsigned finds;
static unsigned misuses;

static void
take_stack(struct pool_stack *stack)
{
    stack->depth = 1;
    stack->thread = 1;
    stack->address[0] = 1;
}

static void
found(const struct pool_guard_find *find)
{
    last = *find;
    finds++;
}

static void
on_misuse(enum pool_misuse kind, const void *ptr, size_t bytes)
{
    (void)kind;
    (void)ptr;
    (void)bytes;
    misuses++;
}

static void
start(unsigned slots)
{
    static struct pool_guard guard = {
        .rate = 1, .take_stack = take_stack, .found = found};

    cr_assert(pool_init(&pool_config_default));
    guard.slots = slots;
    cr_assert(pool_guard_start(&guard));
    pool_on_misuse = on_misuse;
}

static size_t
stride_bytes(void)
{
    return AREA_BYTES + 2 * os_page_bytes();
}

static unsigned
slot_of(const char *buffer)
{
    return (unsigned)(((uintptr_t)buffer - guard_base) / stride_bytes());
}

/* Where the slot's accessible pages may begin. */
static const char *
area_of(const char *buffer)
{
    return (const char *)guard_base + slot_of(buffer) * stride_bytes() +
           os_page_bytes();
}

static char *
get(size_t bytes)
{
    char *buffer = pool_get(bytes);

    cr_assert(guard_owns(buffer), "%zu bytes", bytes);
    cr_assert_eq((uintptr_t)buffer % 16, 0);
    cr_assert(buffer >= area_of(buffer) &&
              buffer + bytes <= area_of(buffer) + AREA_BYTES);
    return buffer;
}

static void
put(char *buffer)
{
    cr_assert_eq(pool_put(buffer), CACHE_PUT_DONE);
}

Test(guard, gets_beyond_the_last_slot_are_not_guarded)
{
    char *held[FEW];
    char *more;

    start(FEW);
    for (unsigned i = 0; i < FEW; i++)
        held[i] = get(AREA_BYTES);
    more = pool_get(AREA_BYTES);
    cr_assert_not_null(more);
    cr_assert_not(guard_owns(more));
    put(held[2]);
    cr_assert_eq(get(AREA_BYTES), held[2]);
    put(more);
    for (unsigned i = 0; i < FEW; i++)
        put(held[i]);
    cr_assert_null(pool_check());
}

Test(guard, the_slot_that_was_freed_first_is_got_first)
{
    static const unsigned order[FEW] = {3, 0, 4, 1, 2};
    char *held[FEW];

    start(FEW);
    for (unsigned round = 0; round < 3; round++) {
        unsigned slot[FEW];

        for (unsigned i = 0; i < FEW; i++)
            slot[i] = slot_of(held[i] = get(4096));
        for (unsigned i = 0; i < FEW; i++)
            put(held[order[i]]);
        for (unsigned i = 0; i < FEW; i++) {
            held[i] = get(4096);
            cr_assert_eq(slot_of(held[i]), slot[order[i]], "round %u", round);
        }
        for (unsigned i = 0; i < FEW; i++)
            put(held[i]);
    }
}

/* New slots come before those that were used. */
Test(guard, a_freed_slot_stays_protected_while_others_are_unused)
{
    bool used[GUARD_SLOTS_MAX] = {false};

    start(GUARD_SLOTS_MAX);
    for (unsigned i = 0; i < GUARD_SLOTS_MAX; i++) {
        char *buffer = get(4096);

        cr_assert_not(used[slot_of(buffer)]);
        used[slot_of(buffer)] = true;
        put(buffer);
    }
}

static void
expect_sides(size_t bytes)
{
    unsigned left = 0, right = 0;

    for (unsigned i = 0; i < MANY; i++) {
        char *buffer = get(bytes);
        const char *end = area_of(buffer) + AREA_BYTES;

        if (buffer == area_of(buffer))
            left++;
        else if ((size_t)(end - (buffer + bytes)) < 16)
            right++;
        put(buffer);
    }
    cr_assert_eq(left + right, MANY, "%zu bytes", bytes);
    /* A fourth is left, within five standard deviations. */
    cr_assert(left >= MANY / 4 - 31 && left <= MANY / 4 + 31,
              "%u of %zu bytes are left", left, bytes);
}

Test(guard, a_buffer_is_at_the_right_or_at_the_left)
{
    start(FEW);
    expect_sides(2048);
    expect_sides(2049);
    expect_sides(4096);
    expect_sides(5001);
    expect_sides(AREA_BYTES - 16);
}

Test(guard, the_largest_buffer_fills_its_slot)
{
    start(FEW);
    for (unsigned i = 0; i < 2 * FEW; i++) {
        char *buffer = get(AREA_BYTES);

        cr_assert_eq(buffer, area_of(buffer));
        memset(buffer, 7, AREA_BYTES);
        put(buffer);
    }
    cr_assert_eq(finds, 0);
}

Test(guard, an_aligned_get_is_aligned_and_has_a_gap)
{
    static const size_t aligns[] = {1, 16, 64, 1024, 4096};

    start(FEW);
    for (unsigned i = 0; i < MANY; i++) {
        size_t align = aligns[i % (sizeof aligns / sizeof aligns[0])];
        size_t bytes = 2048 + 61 * i;
        bool zero;
        char *buffer = cache_get_slow_aligned(size_bin_aligned(bytes), align,
                                              bytes, TAKEN_NOTHING, &zero);
        const char *end = area_of(buffer) + AREA_BYTES;

        cr_assert(guard_owns(buffer) && zero);
        cr_assert_eq((uintptr_t)buffer % align, 0);
        cr_assert(buffer == area_of(buffer) ||
                  (size_t)(end - (buffer + bytes)) < (align < 16 ? 16 : align));
        put(buffer);
    }
}

Test(guard, a_buffer_reads_as_zero_each_time)
{
    static const char zeros[AREA_BYTES];

    start(2);
    for (unsigned i = 0; i < 40; i++) {
        size_t bytes = 2048 + 1523 * i;
        char *buffer = get(bytes);

        cr_assert_arr_eq(buffer, zeros, bytes);
        memset(buffer, 0xff, bytes);
        put(buffer);
    }
    cr_assert_eq(finds, 0);
}

/* Of a size that leaves a gap on either side of the buffer, or on one. */
Test(guard, bytes_written_beside_a_buffer_are_told_with_their_place)
{
    enum { BYTES = 5001 };
    unsigned before = 0;

    start(FEW);
    for (unsigned i = 0; i < MANY; i++) {
        char *buffer = get(BYTES);
        bool is_left = buffer == area_of(buffer);
        char *at = is_left || i % 2 == 0 ? buffer + BYTES : buffer - 1;

        before += at < buffer;
        *at = 1;
        put(buffer);
        cr_assert_eq(finds, i + 1);
        cr_assert_eq(last.kind, POOL_GUARD_GAP);
        cr_assert_eq(last.buffer, buffer);
        cr_assert_eq(last.access, at);
        cr_assert_eq(last.bytes, BYTES);
        cr_assert_eq(last.got.depth, 1);
        cr_assert_eq(last.put.depth, 0);
    }
    cr_assert_gt(before, 0);
    cr_assert_eq(pool_page()->guards_found, MANY);
}

Test(guard, the_last_slot_is_as_the_others)
{
    static char *held[GUARD_SLOTS_MAX];
    struct pool_guard_find find;
    const char *end;

    start(GUARD_SLOTS_MAX);
    for (unsigned i = 0; i < GUARD_SLOTS_MAX; i++)
        memset(held[i] = get(4096), 1, 4096);
    end = (const char *)guard_base + guard_bytes;
    cr_assert_eq(end - held[GUARD_SLOTS_MAX - 1] <= (long)stride_bytes(), 1);
    cr_assert_null(guard_slot_at(GUARD_SLOTS_MAX));
    cr_assert(guard_explain(end - 1, &find));
    cr_assert_eq(find.buffer, held[GUARD_SLOTS_MAX - 1]);
    cr_assert_eq(find.kind, POOL_GUARD_OVERRUN);
    cr_assert(guard_explain((const char *)guard_base, &find));
    cr_assert_eq(find.buffer, held[0]);
    cr_assert_eq(find.kind, POOL_GUARD_UNDERRUN);
    cr_assert_not(guard_explain(end, &find));
    cr_assert_not(guard_owns(pool_get(4096)));
    for (unsigned i = 0; i < GUARD_SLOTS_MAX; i++)
        put(held[i]);
    cr_assert(guard_explain(held[GUARD_SLOTS_MAX - 1] + 9, &find));
    cr_assert_eq(find.kind, POOL_GUARD_USE_AFTER_FREE);
    cr_assert_eq(find.put.depth, 1);
}

/* Between two areas are two pages, and either may be meant. */
Test(guard, an_access_is_of_the_nearest_buffer)
{
    char *first, *second;
    struct pool_guard_find find;
    size_t beyond = os_page_bytes() + 9;

    start(FEW);
    first = get(AREA_BYTES);
    second = get(4096);
    while (second == area_of(second)) { /* far from the first */
        put(second);
        put(get(4096));
        put(get(4096));
        put(get(4096));
        second = get(4096);
        cr_assert_eq(slot_of(second), slot_of(first) + 1);
    }
    cr_assert(guard_explain(first + AREA_BYTES + beyond, &find));
    cr_assert_eq(find.buffer, first);
    cr_assert_eq(find.kind, POOL_GUARD_OVERRUN);
    cr_assert(guard_explain(second - 1, &find));
    cr_assert_eq(find.buffer, second);
    cr_assert_eq(find.kind, POOL_GUARD_UNDERRUN);
}

Test(guard, a_put_that_can_not_protect_gives_up_the_slot)
{
    char *buffer;

    start(1);
    buffer = get(4096);
    os_forbid_protection(true);
    put(buffer);
    cr_assert_eq(pool_put(buffer), CACHE_PUT_MISUSED);
    cr_assert_eq(misuses, 1);
    cr_assert_not(guard_owns(pool_get(4096)));
    os_forbid_protection(false);
    cr_assert_not(guard_owns(pool_get(4096)));
}

Test(guard, puts_of_other_places_are_misuse)
{
    char *buffer;

    start(2);
    buffer = get(4096);
    cr_assert_eq(pool_put(buffer + 16), CACHE_PUT_MISUSED);
    cr_assert_eq(pool_put(buffer + 1), CACHE_PUT_MISUSED);
    cr_assert_eq(pool_put((char *)guard_base + guard_bytes - 32),
                 CACHE_PUT_MISUSED);
    cr_assert_eq(misuses, 3);
    put(buffer);
    cr_assert_eq(pool_put(buffer), CACHE_PUT_MISUSED);
    cr_assert_eq(misuses, 4);
    cr_assert_eq(last.kind, POOL_GUARD_DOUBLE_FREE);
    cr_assert_eq(last.put.depth, 1);
}
