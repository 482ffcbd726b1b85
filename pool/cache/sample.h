/*
 * sample.h - choosing gets at random, by their bytes.
 *
 * Purpose   One get per a mean number of requested bytes is passed to a
 *           handler, which notes the call stack.
 * Model     Each bin of each cache has a distance: the bytes until its next
 *           sample (stats/sites/chance.h). A bin's gets use up a credit
 *           (recent.h). With sampling on, the credit covers only gets that
 *           certainly stay below the distance: the fast path is the same, and
 *           every get that may be a sample takes the slow path.
 *           Separate distances per bin change nothing in the result, because
 *           a sum of Poisson processes is a Poisson process.
 * Rate      The mean distance may grow with the samples that a cache had: a
 *           short program gets enough of them, and a long one pays ever less.
 *           Each distance keeps the rate that it was drawn with; the sample
 *           reports that rate, so that its weight is right if the rate changes.
 * Marks     The state word of a sampled slot has its owner's block with epoch
 *           0, which the fast path of a put does not match: its put takes the
 *           slow path. Other slots cost nothing.
 */
#ifndef MIDPOOL_POOL_SAMPLE_H
#define MIDPOOL_POOL_SAMPLE_H

#include "cache.h"
#include "pool_types.h"

/* The rate that pool_sample_start was given. Written at the start. */
extern hidden struct pool_sample_rate sample_rate;

static inline bool
sample_is_on(void)
{
    return unlikely(sample_rate.first != 0);
}

/* Do requests outside the band take part? */
static inline bool
sample_is_for_all(void)
{
    return unlikely(sample_rate.all);
}

/*
 * A random number of at least 0, exponentially distributed with that mean, from
 * the cache's own generator.
 */
uint64_t sample_distance(struct cache *cache, uint64_t mean);

/* See pool_sample_start. */
void sample_start(const struct pool_sampler *into, struct pool_sample_rate rate,
                  uint64_t seed);

/*
 * Decides whether this get of the bin, which is about to be counted, is a
 * sample. Returns the rate of its distance, or 0 if it is none. Lowers *left,
 * the gets that a fold is to grant, so that they stay before the next sample.
 * Requires that the bin's credit is used up.
 */
uint64_t sample_choose(struct cache *cache, unsigned bin, size_t bytes,
                       unsigned *left);

/* Draws all distances of the cache anew, after its counters were reset. */
void sample_restart(struct cache *cache);

/*
 * Passes a sample, whose tag the handler sets, to the handler and marks its
 * slot. Not within an operation, and before the program has the slot.
 */
void sample_tell(const struct pool_sample *sample);

/*
 * To be called for a slot that is being put, with the tag of its state word.
 * Tells the handler of its end if it was a sample. Returns the tag without the
 * mark.
 */
uint32_t sample_end(const void *slot, uint32_t tag);

/* Requests outside the band. */
enum sample_side { SAMPLE_BELOW, SAMPLE_ABOVE };

/*
 * As sample_choose, for a request outside the band, after counted bytes of that
 * side. *room: bytes that may follow without a sample.
 */
uint64_t sample_choose_outside(struct cache *cache, enum sample_side side,
                               uint64_t counted, size_t bytes, uint64_t *room);

/*
 * Passes a sample with that rate to the handler; rate 0: it is no sample.
 * Returns ptr, which may be NULL.
 */
void *sample_tell_outside(void *ptr, size_t bytes, uint64_t rate);

/*
 * To be called before a block that is not the pool's is freed. sample_places
 * counts the live samples by a hash of their addresses, so that most other
 * blocks need no look-up.
 */
enum { SAMPLE_PLACES = 1 << 12 };
extern hidden uint32_t sample_places[SAMPLE_PLACES];
void sample_end_likely(const void *ptr);

static inline uint32_t *
sample_place(const void *ptr)
{
    uint64_t mixed = (uintptr_t)ptr * UINT64_C(0x9e3779b97f4a7c15);

    return &sample_places[mixed >> 52];
}

static inline void
sample_end_outside(const void *ptr)
{
    if (sample_is_for_all() &&
        __atomic_load_n(sample_place(ptr), __ATOMIC_RELAXED) != 0)
        sample_end_likely(ptr);
}

#endif
