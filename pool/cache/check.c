/*
 * check.c - see check.h.
 */
#include "check.h"

#include "account.h"
#include "block.h"
#include "cache.h"
#include "region.h"
#include "size_class.h"
#include "slab.h"

/* MALLOC_ALIGN_BYTES: every libc's malloc returns multiples of it. */
enum { FILL_BYTE = 0xdf, MALLOC_ALIGN_BYTES = 16 };

pool_misuse_handler *pool_on_misuse;
pool_fill_handler *pool_on_damage;

void *_Atomic check_found_slot;
static _Atomic size_t found_bytes;

static void
count(enum pool_misuse kind)
{
    uint64_t *const counter[] = {
        [POOL_DOUBLE_FREE] = &account_page->double_frees,
        [POOL_INTERIOR_FREE] = &account_page->interior_frees,
        [POOL_MISALIGNED_FREE] = &account_page->misaligned_frees,
        [POOL_WILD_FREE] = &account_page->wild_frees,
    };

    __atomic_fetch_add(counter[kind], 1, __ATOMIC_RELAXED);
}

static void
tell(enum pool_misuse kind, const void *ptr, size_t bytes)
{
    if (pool_on_misuse != NULL)
        pool_on_misuse(kind, ptr, bytes);
}

void
check_report(enum pool_misuse kind, const void *ptr, size_t bytes)
{
    count(kind);
    tell(kind, ptr, bytes);
}

/*
 * Is the thread's own interrupted fast path working on the slot? The epoch does
 * not count: it changed if a reset or a fork in a handler came since the fast
 * path began. An aged tag names no thread, so it may be this one.
 */
static bool
own_path_has(const void *slot)
{
    const struct cache *own = block_own();
    uint32_t state = *region_state(slot);
    uint32_t block = block_of_tag(state);
    uint32_t low = (uint32_t)(uintptr_t)slot & STATE_OFFSET_MASK;

    return own != NULL && (state & STATE_OFFSET_MASK) == low + STATE_MOVING &&
           (block == own->index || block == block_of_tag(BLOCK_AGED_TAG));
}

void
check_found(struct stats_block *block, unsigned bin, void *slot)
{
    if (own_path_has(slot))
        return;
    account_put_undone(block, bin);
    count(POOL_DOUBLE_FREE);
    atomic_store_explicit(&found_bytes, bin_info[bin].slot_bytes,
                          memory_order_relaxed);
    atomic_store_explicit(&check_found_slot, slot, memory_order_release);
}

void
check_put_slab(unsigned bin, void *slot, bool cold)
{
    if (unlikely(!slab_put(bin, slot, cold)))
        check_found(account_shared(), bin, slot);
}

void
check_tell(void)
{
    void *slot = atomic_exchange(&check_found_slot, NULL);

    if (slot != NULL)
        tell(POOL_DOUBLE_FREE, slot, atomic_load(&found_bytes));
}

static bool
never_handed_out(uint32_t state)
{
    return state <= STATE_OFFSET_MASK && !state_was_freed(state);
}

void
check_misuse(const void *ptr, unsigned bin, uint32_t state)
{
    uintptr_t number = region_number(ptr);
    unsigned slot = slab_slot(ptr, bin);
    enum pool_misuse kind;

    if ((uintptr_t)ptr % MALLOC_ALIGN_BYTES != 0)
        kind = POOL_MISALIGNED_FREE;
    else if (slot >= bin_info[bin].slots ||
             slab_slot_start((uint32_t)number, bin, slot) != ptr)
        kind = POOL_INTERIOR_FREE;
    else
        kind = never_handed_out(state) ? POOL_WILD_FREE : POOL_DOUBLE_FREE;
    check_report(kind, ptr, bin_info[bin].slot_bytes);
}

void
check_fill(void *slot, size_t bytes)
{
    __builtin_memset(slot, FILL_BYTE, bytes);
}

/*
 * Only a slot that was put carries the pattern: warmed slots, and those that
 * came with a slab of another bin, do not.
 */
size_t
check_reuse(const void *slot, unsigned bin)
{
    const unsigned char *byte = slot;
    size_t bytes = bin_info[bin].slot_bytes;

    if (*region_state(slot) != state_freed(bin))
        return CHECK_INTACT;
    for (size_t i = 0; i < bytes; i++) {
        if (byte[i] != FILL_BYTE)
            return i;
    }
    return CHECK_INTACT;
}

void
check_tell_damage(const void *slot, unsigned bin, size_t offset)
{
    if (pool_on_damage != NULL)
        pool_on_damage(slot, bin_info[bin].slot_bytes, offset);
}
