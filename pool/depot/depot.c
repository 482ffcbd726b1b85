/*
 * depot.c - lock-free stacks of magazines.
 */
#include "depot.h"

#include "os.h"
#include "region.h"
#include "space.h"

enum {
    MAGAZINES_COMMIT = 128,   /* committed at once: 64 KB */
    MAGAZINES_PER_SLAB = 17,  /* a slab full of the smallest slots */
    MAGAZINES_MOST = 1 << 17, /* 64 MB: without one, slots go to their slabs */
    LIMIT_SHARE = 64,         /* of RLIMIT_AS */
};

struct depot depot[BINS];

/* Magazines by number; numbers below used were handed out at least once. */
static struct {
    struct magazine *area;
    uint32_t limit;
    _Atomic uint32_t used;
    _Atomic uint32_t committed;
    struct depot empty;
} magazines;

static struct magazine *
magazine_at(uint32_t number)
{
    return &magazines.area[number];
}

bool
depot_init(uint32_t slabs)
{
    size_t limit = os_address_limit() / LIMIT_SHARE;
    uint32_t count = slabs * MAGAZINES_PER_SLAB;
    struct magazine *area;

    if (count > MAGAZINES_MOST)
        count = MAGAZINES_MOST;
    while (space_reserved() && count > MAGAZINES_COMMIT &&
           count * sizeof(struct magazine) > limit)
        count /= 2;
    area = space_piece(count * sizeof(struct magazine), os_page_bytes());
    if (area == NULL)
        return false;
    magazines.area = area;
    magazines.limit = count;
    atomic_store(&magazines.used, 1);
    return true;
}

static void
stack_push(struct depot *stack, struct magazine *magazine)
{
    uint64_t head = atomic_load_explicit(&stack->head, memory_order_relaxed);
    uint64_t next;

    pool_assert(magazine == magazine_at(magazine->number));
    do {
        atomic_store_explicit(&magazine->next, (uint32_t)head,
                              memory_order_relaxed);
        next = ((head >> 32) + 1) << 32 | magazine->number;
    } while (!atomic_compare_exchange_weak_explicit(
        &stack->head, &head, next, memory_order_release, memory_order_relaxed));
}

/*
 * The magazine under the head may be popped and pushed by others while its
 * next is read: the read is atomic, its memory is never unmapped, and the
 * counter makes the exchange fail then.
 */
static struct magazine *
stack_pop(struct depot *stack)
{
    uint64_t head = atomic_load_explicit(&stack->head, memory_order_acquire);
    struct magazine *top;
    uint64_t next;

    do {
        if ((uint32_t)head == 0)
            return NULL;
        top = magazine_at((uint32_t)head);
        next = ((head >> 32) + 1) << 32 |
               atomic_load_explicit(&top->next, memory_order_relaxed);
    } while (!atomic_compare_exchange_weak_explicit(
        &stack->head, &head, next, memory_order_acquire, memory_order_acquire));
    return top;
}

/*
 * Maps the next magazines. Requires slab_lock; otherwise pages that another
 * thread already uses would be mapped again.
 */
static bool
commit_next(void)
{
    uint32_t from = atomic_load(&magazines.committed);
    uint32_t step = magazines.limit - from;

    if (step > MAGAZINES_COMMIT)
        step = MAGAZINES_COMMIT;
    /* If a handler did the same in between, its mapping is in the way. */
    if (!space_map(magazine_at(from), step * sizeof(struct magazine)))
        return atomic_load(&magazines.committed) != from;
    atomic_store(&magazines.committed, from + step);
    return true;
}

/* Maps the magazines up to and including number. */
static bool
commit_upto(uint32_t number)
{
    bool done = true;

    if (likely(number < atomic_load(&magazines.committed)))
        return true;
    if (!lock_acquire_soon(&slab_lock))
        return false;
    while (done && number >= atomic_load(&magazines.committed))
        done = commit_next();
    lock_release(&slab_lock);
    return done;
}

static struct magazine *
magazine_carve(void)
{
    uint32_t number = atomic_load(&magazines.used);

    do {
        if (number >= magazines.limit || !commit_upto(number))
            return NULL;
    } while (
        !atomic_compare_exchange_weak(&magazines.used, &number, number + 1));

    struct magazine *magazine = magazine_at(number);

    magazine->number = number;
    return magazine;
}

struct magazine *
magazine_new(void)
{
    struct magazine *magazine = stack_pop(&magazines.empty);

    if (magazine == NULL)
        magazine = magazine_carve();
    if (magazine != NULL) {
        magazine->rounds = 0;
        magazine->cold = 0;
        magazine->zero = 0;
        magazine->taken = 0;
    }
    return magazine;
}

void
magazine_free(struct magazine *magazine)
{
    stack_push(&magazines.empty, magazine);
}

void
depot_push(unsigned bin, struct magazine *magazine)
{
    pool_assert(magazine->rounds > 0 && magazine->rounds <= MAGAZINE_ROUNDS);
    pool_assert(!magazine->cold);

    int32_t rounds = magazine->rounds; /* not readable after the push */

    stack_push(&depot[bin], magazine);
    atomic_fetch_add_explicit(&depot[bin].slots, rounds, memory_order_relaxed);
}

struct magazine *
depot_pop(unsigned bin)
{
    struct depot *stack = &depot[bin];
    struct magazine *magazine = stack_pop(stack);

    if (magazine != NULL) {
        int32_t rounds = magazine->rounds;
        int32_t left = atomic_fetch_sub_explicit(&stack->slots, rounds,
                                                 memory_order_relaxed) -
                       rounds;

        /* An estimate: a lost update makes one window less precise. */
        if (left < atomic_load_explicit(&stack->low, memory_order_relaxed))
            atomic_store_explicit(&stack->low, left, memory_order_relaxed);
    }
    return magazine;
}

uint64_t
depot_bytes_all(void)
{
    uint64_t bytes = 0;

    for (unsigned bin = 0; bin < BINS; bin++)
        bytes += depot_bytes(bin);
    return bytes;
}

uint32_t
depot_window(unsigned bin)
{
    int32_t now = atomic_load(&depot[bin].slots);
    int32_t low = atomic_exchange(&depot[bin].low, now);

    if (low > now)
        low = now;
    return low > 0 ? (uint32_t)low : 0;
}

static bool
contains(struct magazine *const list[], unsigned count,
         const struct magazine *magazine)
{
    for (unsigned i = 0; i < count; i++) {
        if (list[i] == magazine)
            return true;
    }
    return false;
}

uint64_t
depot_slots(unsigned bin)
{
    uint32_t number = (uint32_t)atomic_load(&depot[bin].head);
    uint64_t slots = 0;

    while (number != 0) {
        slots += magazine_at(number)->rounds;
        number = atomic_load(&magazine_at(number)->next);
    }
    return slots;
}

static void
stack_forget(struct depot *stack)
{
    uint64_t head = atomic_load(&stack->head);

    atomic_store(&stack->head, ((head >> 32) + 1) << 32);
    atomic_store(&stack->slots, 0);
    atomic_store(&stack->low, 0);
}

void
depot_forget(void)
{
    for (unsigned bin = 0; bin < BINS; bin++)
        stack_forget(&depot[bin]);
    stack_forget(&magazines.empty);
}

void
depot_reset(struct magazine *const keep[], unsigned count)
{
    uint32_t used = atomic_load(&magazines.used);

    depot_forget();
    for (uint32_t number = used; --number > 0;) {
        struct magazine *magazine = magazine_at(number);

        if (contains(keep, count, magazine))
            continue;
        /* A thread may have died between carving and numbering it. */
        magazine->number = number;
        magazine_free(magazine);
    }
}

uint64_t
depot_metadata_bytes(void)
{
    return (uint64_t)atomic_load(&magazines.used) * sizeof(struct magazine);
}
