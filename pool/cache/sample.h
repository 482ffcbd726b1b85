/*
 * sample.h - choosing gets at random, by their bytes.
 *
 * Purpose   One get in so many requested bytes on average goes to a handler,
 *           which notes who asked.
 * Model     Each bin of each cache has a distance: the bytes until its next
 *           sample (stats/sites/chance.h). A thread's gets of a bin find
 *           their credit used up now and then (recent.h); with sampling on
 *           the credit is never more than gets that certainly stay below the
 *           distance, so that the fast path stays as it is and every get
 *           that may be a sample takes the slow path.
 *           That each bin has its own points changes nothing: processes of
 *           Poisson's add up to one.
 * Rate      The mean distance may grow with the samples that a cache had: a
 *           short program has enough of them, and a long one pays ever less.
 *           Each distance keeps the rate that it was drawn with, and a sample
 *           tells it, so that its weight is right whatever follows.
 * Marks     A sampled slot's state word has its owner's block with epoch 0,
 *           which no other slot has: its put takes the slow path, and all
 *           others cost nothing.
 */
#ifndef MIDPOOL_POOL_SAMPLE_H
#define MIDPOOL_POOL_SAMPLE_H

#include "cache.h"
#include "pool_types.h"

/* As pool_sample_start got it. Written at the start. */
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
 * A number of 0 and more, exponentially distributed with that mean, from the
 * cache's own generator.
 */
uint64_t sample_distance(struct cache *cache, uint64_t mean);

/* See pool_sample_start. */
void sample_start(const struct pool_sampler *into, struct pool_sample_rate rate,
                  uint64_t seed);

/*
 * Is this get of the bin, which is about to be counted, a sample? Then the
 * rate of its distance, otherwise 0. *left, the gets that a fold is to grant,
 * falls to what leaves out the next sample. Requires that the bin's credit is
 * used up.
 */
uint64_t sample_choose(struct cache *cache, unsigned bin, size_t bytes,
                       unsigned *left);

/* The bin's counters were set back: its next distance is drawn anew. */
void sample_restart(struct cache *cache);

/*
 * Hands a sample, whose tag is to be filled in, to the handler and marks its
 * slot. Not within an operation, and before the program has the slot.
 */
void sample_tell(const struct pool_sample *sample);

/*
 * The tag of a slot that is being put, of which the state word says tag: if it
 * was a sample the handler hears of its end.
 */
uint32_t sample_end(const void *slot, uint32_t tag);

/* Requests outside the band. */
enum sample_side { SAMPLE_BELOW, SAMPLE_ABOVE };

/*
 * As sample_choose, after so many bytes of that side were counted. *room: bytes
 * that may follow without a sample.
 */
uint64_t sample_choose_outside(struct cache *cache, enum sample_side side,
                               uint64_t counted, size_t bytes, uint64_t *room);

/*
 * Hands a sample with that rate to the handler; 0: it is none. ptr, which may
 * be NULL, is given back.
 */
void *sample_tell_outside(void *ptr, size_t bytes, uint64_t rate);

/*
 * The block at ptr, which is not the pool's, is about to be freed. A count of
 * the samples in use at addresses like that one tells most others apart.
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
