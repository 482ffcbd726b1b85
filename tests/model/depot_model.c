/*
 * depot_model.c - the lock-free depot.
 *
 *   depot_model [broken|orders]
 *
 * pool/depot/depot.c itself, in all runs that explore.h knows. broken leaves
 * out the counter that guards the stacks' heads, to show that its absence is
 * found; orders shows which of the memory orders are needed.
 */
#include "depot.h"

#include <string.h>

#include "region.h"

#include "atomic.h"

enum { BIN = 2 };

static bool broken; /* heads count nothing */

#undef atomic_compare_exchange_weak_explicit
#define atomic_compare_exchange_weak_explicit(at, expected, value, order,      \
                                              if_not)                          \
    __atomic_compare_exchange_n(at, expected,                                  \
                                broken ? (uint32_t)(value) : (value), true,    \
                                order, if_not)

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
    explore_own(magazine); /* its rounds and slots */
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
    explore_own(magazine);
    holder[magazine->number] = NOT_HELD;
    depot_push(BIN, magazine);
}

static void
discard(struct magazine *magazine)
{
    if (magazine == NULL)
        return;
    explore_own(magazine);
    holder[magazine->number] = NOT_HELD;
    magazine_free(magazine);
}

/* Begins with count magazines in the depot, and one empty magazine. */
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
reset_decay(void)
{
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

/* Counts decide nothing but how much decays: seen by that scene alone. */
static bool
is_no_count(const volatile void *at)
{
    return at != &depot[BIN].slots && at != &depot[BIN].low;
}

static const struct explore_scene scenes[] = {
    {.name = "return of the top",
     .tasks = 2,
     .reset = reset_three,
     .task = return_of_the_top,
     .check = check,
     .shared = is_no_count},
    {.name = "two exchange one",
     .tasks = 2,
     .reset = reset_one,
     .task = exchange,
     .check = check,
     .shared = is_no_count},
    {.name = "two renew",
     .tasks = 2,
     .reset = reset_three,
     .task = renew,
     .check = check,
     .shared = is_no_count},
    {.name = "decay",
     .tasks = 2,
     .reset = reset_decay,
     .task = decay,
     .check = check},
    {.name = "three exchange one",
     .tasks = 3,
     .reset = reset_one,
     .task = exchange,
     .check = check,
     .shared = is_no_count},
};

/*
 * Not needed are the orders of numbers that stand for themselves: how many
 * magazines are used and committed, and how many slots a window began with.
 */
enum { SCENES = sizeof(scenes) / sizeof(scenes[0]), NOT_NEEDED = 5 };

int
main(int argc, char **argv)
{
    bool orders = argc > 1 && strcmp(argv[1], "orders") == 0;

    broken = argc > 1 && strcmp(argv[1], "broken") == 0;
    /* The last scene is the longest by far. */
    return explore_scenes(scenes, orders ? SCENES - 1 : SCENES, orders,
                          NOT_NEEDED);
}
