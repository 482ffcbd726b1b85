/*
 * depot_model.c - the lock-free depot in every interleaving.
 *
 *   depot_model [broken]
 *
 * pool/depot/depot.c itself, with its atomic operations turned into points
 * where another thread may come in between. broken leaves out the counter that
 * guards the stacks' heads, to show that its absence is found.
 */
#include "depot.h"

#include <string.h>

#include "explore.h"
#include "region.h"

enum { BIN = 2 };

static bool broken;

/* The magazine of a head, without its counter. */
static uint64_t
seen_as(uint64_t value, size_t bytes)
{
    return broken && bytes == sizeof(uint64_t) ? (uint32_t)value : value;
}

/* Counts decide nothing but how much decays: seen by that scene alone. */
static bool counting;

static void
point(const volatile void *at, bool write)
{
    const struct depot *stack = &depot[BIN];

    if (counting || (at != &stack->slots && at != &stack->low))
        explore_point(at, write);
}

#undef atomic_load
#undef atomic_load_explicit
#undef atomic_store
#undef atomic_store_explicit
#undef atomic_exchange
#undef atomic_fetch_add_explicit
#undef atomic_fetch_sub_explicit
#undef atomic_compare_exchange_weak
#undef atomic_compare_exchange_weak_explicit

#define atomic_load(at) (point(at, false), *(at))
#define atomic_load_explicit(at, order) atomic_load(at)
#define atomic_store(at, value) (point(at, true), (void)(*(at) = (value)))
#define atomic_store_explicit(at, value, order) atomic_store(at, value)
#define atomic_exchange(at, value)                                             \
    __extension__({                                                            \
        point(at, true);                                                       \
        int32_t was_ = *(at);                                                  \
        *(at) = (value);                                                       \
        was_;                                                                  \
    })
#define atomic_fetch_add_explicit(at, value, order)                            \
    (point(at, true), (void)(*(at) += (value)))
#define atomic_fetch_sub_explicit(at, value, order)                            \
    __extension__({                                                            \
        point(at, true);                                                       \
        int32_t before_ = *(at);                                               \
        *(at) -= (value);                                                      \
        before_;                                                               \
    })
#define atomic_compare_exchange_weak(at, expected, value)                      \
    __extension__({                                                            \
        point(at, true);                                                       \
        bool same_ = seen_as(*(at), sizeof(*(at))) ==                          \
                     seen_as(*(expected), sizeof(*(at)));                      \
        if (same_)                                                             \
            *(at) = (value);                                                   \
        else                                                                   \
            *(expected) = *(at);                                               \
        same_;                                                                 \
    })
#define atomic_compare_exchange_weak_explicit(at, expected, value, yes, no)    \
    atomic_compare_exchange_weak(at, expected, value)

#include "../../pool/depot/depot.c"

enum { SLABS = 16, NUMBERS = 16, NOT_HELD = -1 };

/* Which task holds a magazine, by its number. */
static int holder[NUMBERS];

static struct magazine *
hold(struct magazine *magazine, unsigned who)
{
    if (magazine == NULL)
        return NULL;
    if (magazine->number == 0 || magazine->number >= NUMBERS)
        explore_fail("a magazine without a number");
    if (holder[magazine->number] != NOT_HELD)
        explore_fail("a magazine has two holders");
    holder[magazine->number] = (int)who;
    return magazine;
}

static struct magazine *
pop(unsigned who)
{
    return hold(depot_pop(BIN), who);
}

static struct magazine *
take_new(unsigned who)
{
    struct magazine *magazine = hold(magazine_new(), who);

    if (magazine == NULL)
        explore_fail("no new magazine");
    magazine->rounds = 1;
    return magazine;
}

static void
push(struct magazine *magazine)
{
    if (magazine == NULL)
        return;
    holder[magazine->number] = NOT_HELD;
    depot_push(BIN, magazine);
}

static void
discard(struct magazine *magazine)
{
    if (magazine == NULL)
        return;
    holder[magazine->number] = NOT_HELD;
    magazine_free(magazine);
}

/* So many magazines in the depot, and one that is empty. */
static void
reset_with(unsigned count)
{
    if (magazines.area == NULL && !depot_init(SLABS))
        explore_fail("no memory");
    magazines.used = 1;
    memset(depot, 0, sizeof(depot));
    memset(&magazines.empty, 0, sizeof(magazines.empty));
    for (unsigned i = 0; i < NUMBERS; i++)
        holder[i] = NOT_HELD;
    while (count-- > 0)
        push(take_new(0));
}

static void
reset_one(void)
{
    reset_with(1);
}

static void
reset_two(void)
{
    reset_with(2);
}

static void
reset_decay(void)
{
    counting = true;
    reset_with(2);
    (void)depot_window(BIN);
}

static void
reset_three(void)
{
    reset_with(3);
    discard(take_new(0));
}

/* Every magazine is in one place, and counted. */
static void
check(void)
{
    unsigned found = 0;
    int counted = depot[BIN].slots;

    for (unsigned i = 1; i < NUMBERS; i++)
        found += holder[i] != NOT_HELD;
    while (found < NUMBERS && hold(stack_pop(&depot[BIN]), 0) != NULL)
        found++, counted--;
    while (found < NUMBERS && hold(stack_pop(&magazines.empty), 0) != NULL)
        found++;
    if (counted != 0)
        explore_fail("the count of slots is off");
    if (found != magazines.used - 1)
        explore_fail("a magazine is lost");
}

/* The case that the counter is there for: a pop sleeps, its top returns. */
static void
return_of_the_top(unsigned who)
{
    struct magazine *one = pop(who);

    if (who == 0) {
        push(one);
        return;
    }
    (void)pop(who);
    push(one);
}

static void
exchange(unsigned who)
{
    struct magazine *one = pop(who);

    if (one == NULL)
        one = take_new(who);
    push(one);
}

static void
renew(unsigned who)
{
    struct magazine *one = take_new(who);

    if (who == 0) {
        discard(one);
        return;
    }
    push(one);
    discard(pop(who));
}

/* A decay window begins meanwhile: at most what is there is not needed. */
static void
decay(unsigned who)
{
    if (who > 0) {
        return_of_the_top(who);
        return;
    }
    for (unsigned i = depot_window(BIN); i > 0; i--)
        discard(pop(who));
}

static const struct explore_scene scenes[] = {
    {"return of the top", 2, reset_three, return_of_the_top, check},
    {"two exchange one", 2, reset_one, exchange, check},
    {"three exchange two", 3, reset_two, exchange, check},
    {"two renew", 2, reset_three, renew, check},
    {"decay", 2, reset_decay, decay, check},
};

int
main(int argc, char **argv)
{
    broken = argc > 1 && strcmp(argv[1], "broken") == 0;
    for (unsigned i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
        explore_all(&scenes[i]);
    return 0;
}
