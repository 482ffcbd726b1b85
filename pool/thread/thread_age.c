/*
 * thread_age.c - the tags of live slots when epochs run out.
 */
#include "region.h"
#include "thread.h"

/* Epochs are used up: everything handed out so far becomes epoch 0. */
void
thread_age_tags(void)
{
    uint32_t number;

    for (number = region_next_used(0); number != UINT32_MAX;
         number = region_next_used(number + 1)) {
        const char *start = region_slab_start(number);

        for (size_t at = 0; at < SLAB_BYTES; at += 1 << STATE_SHIFT) {
            uint32_t *state = region_state(start + at);
            uint32_t seen = __atomic_load_n(state, __ATOMIC_RELAXED);

            /* Its owner may free the slot meanwhile: that wins. */
            if (seen >> STATE_TAG_SHIFT != 0)
                (void)__atomic_compare_exchange_n(
                    state, &seen, (seen & STATE_OFFSET_MASK) | THREAD_AGED_TAG,
                    false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
        }
    }
}
