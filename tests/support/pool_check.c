/*
 * pool_check.c - see pool_check.h.
 */
#include "pool_check.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "account.h"
#include "block.h"
#include "cache_budget.h"
#include "depot.h"
#include "equations.h"
#include "slab.h"
#include "snapshot.h"

struct pool_census pool_census[BINS];

static char broken[160];

/* One byte per state word: the slot was met in a magazine. */
static unsigned char *met;

/* Magazines met so far. */
static uint32_t magazines_met;

#define CLAIM(claim, ...)                                                      \
    do {                                                                       \
        if (!(claim)) {                                                        \
            if (broken[0] == '\0')                                             \
                snprintf(broken, sizeof(broken), __VA_ARGS__);                 \
            return;                                                            \
        }                                                                      \
    } while (0)

static size_t
word_index(const void *slot)
{
    return ((uintptr_t)slot >> STATE_SHIFT) -
           ((region.first << SLAB_SHIFT) >> STATE_SHIFT);
}

static bool
marked(const uint64_t map[], unsigned slot)
{
    return map[slot / 64] >> (slot % 64) & 1;
}

/* A slot that lies idle in a magazine somewhere. */
static void
meet(const void *slot, unsigned bin, const char *where)
{
    uintptr_t number = region_number(slot);

    CLAIM(number < region.slabs, "%s: %p is no slot", where, slot);

    const struct slab *slab = slab_at((uint32_t)number);
    unsigned index = slab_slot(slot, bin);

    CLAIM(slab->assigned && slab->bin == bin, "%s: %p is of bin %u, not %u",
          where, slot, slab->bin, bin);
    CLAIM(slab_slot_start((uint32_t)number, bin, index) == slot,
          "%s: %p is not the start of a slot", where, slot);
    CLAIM(index < slab->fresh, "%s: %p is fresh", where, slot);
    CLAIM(!marked(slab->warm, index) && !marked(slab->cold, index),
          "%s: %p is marked free in its slab too", where, slot);
    CLAIM(*region_state(slot) >> STATE_TAG_SHIFT == 0,
          "%s: %p is handed out too", where, slot);
    CLAIM(!state_is_misplaced(*region_state(slot), bin), "%s: %p has state %x",
          where, slot, *region_state(slot));
    CLAIM(!met[word_index(slot)], "%s: %p was met before", where, slot);
    met[word_index(slot)] = 1;
}

static void
meet_all(void *const slot[], size_t count, unsigned bin, const char *where)
{
    for (size_t i = 0; i < count; i++)
        meet(slot[i], bin, where);
}

static void
check_depot(unsigned bin)
{
    struct magazine *top;
    static struct magazine *popped[1 << 16];
    unsigned count = 0;
    int32_t low = atomic_load(&depot[bin].low);

    while (count < 1 << 16 && (top = depot_pop(bin)) != NULL)
        popped[count++] = top;
    CLAIM(atomic_load(&depot[bin].slots) == 0, "depot %u: %d slots are missing",
          bin, atomic_load(&depot[bin].slots));
    for (unsigned i = count; i-- > 0;) {
        struct magazine *magazine = popped[i];

        meet_all(magazine->slot, magazine->rounds, bin, "depot");
        pool_census[bin].depot += magazine->rounds;
        depot_push(bin, magazine);
    }
    magazines_met += count;
    atomic_store(&depot[bin].low, low);
}

static void
check_bin(const struct cache *cache, unsigned index)
{
    const struct bin *bin = &cache->bin[index];
    size_t depth = (size_t)(bin->top - bin->base);
    struct pool_census *census = &pool_census[index];

    CLAIM(bin->base <= bin->low && bin->low <= bin->top &&
              bin->top <= bin->limit,
          "cache %u bin %u: base %p low %p top %p limit %p", cache->index,
          index, (void *)bin->base, (void *)bin->low, (void *)bin->top,
          (void *)bin->limit);
    CLAIM(bin->limit - bin->base <= MAGAZINE_ROUNDS,
          "cache %u bin %u: limit beyond the magazine", cache->index, index);
    meet_all(bin->base, depth, index, "loaded");
    census->cached += depth;
    magazines_met += bin->base != NULL;
    if (bin->cold != NULL) {
        unsigned left = bin->cold->rounds - bin->cold->taken;

        meet_all(bin->cold->slot, left, index, "run");
        census->runs += left;
        magazines_met++;
    }
}

static void
check_caches(void)
{
    uint64_t granted = 0;

    for (uint32_t i = BLOCK_FIRST; i < blocks_used(); i++) {
        const struct cache *cache = cache_at(i);

        if (cache->state != CACHE_LIVE || !cache_block(cache)->in_use)
            continue;
        for (unsigned bin = 0; bin < BINS; bin++)
            check_bin(cache, bin);
        granted += cache->granted_bytes;
    }
    CLAIM(granted == cache_granted_bytes(),
          "caches have %llu bytes of capacity, counted %llu",
          (unsigned long long)granted,
          (unsigned long long)cache_granted_bytes());
}

static void
check_sets(uint32_t number)
{
    const struct slab *slab = slab_at(number);
    uint64_t bit = (uint64_t)1 << (number % 64);
    unsigned word = number / 64;
    bool room = slab->cold_free > 0 || slab->fresh < bin_info[slab->bin].slots;
    bool empty = slab->fresh > 0 && slab_out(slab) == 0;

    CLAIM(((warm_slabs[slab->bin].word[word] & bit) != 0) ==
              (slab->assigned && slab->warm_free > 0),
          "slab %u: set of warm slabs", number);
    CLAIM(((room_slabs[slab->bin].word[word] & bit) != 0) ==
              (slab->assigned && room),
          "slab %u: set of slabs with room", number);
    CLAIM(((empty_slabs.word[word] & bit) != 0) ==
              (slab->assigned && empty && slab->cold_free == 0),
          "slab %u: set of empty slabs", number);
    CLAIM(((partly_cold_slabs.word[word] & bit) != 0) ==
              (slab->assigned && empty && slab->cold_free > 0),
          "slab %u: set of empty slabs with holes", number);
    CLAIM(slab_set_has(&clean_slabs, number) +
                  slab_set_has(&bare_slabs, number) ==
              !slab->assigned,
          "slab %u: sets of clean and bare slabs", number);
}

static void
check_slot(uint32_t number, unsigned index)
{
    const struct slab *slab = slab_at(number);
    const char *slot = slab_slot_start(number, slab->bin, index);
    uint32_t state = *region_state(slot);
    struct pool_census *census = &pool_census[slab->bin];
    bool out = state >> STATE_TAG_SHIFT != 0;
    unsigned places = (unsigned)marked(slab->warm, index) +
                      (unsigned)marked(slab->cold, index) +
                      met[word_index(slot)] + (unsigned)out;

    CLAIM(!out || (state & STATE_OFFSET_MASK & ~STATE_MOVING) ==
                      ((uint32_t)(uintptr_t)slot & STATE_OFFSET_MASK),
          "slab %u slot %u: the state word is of another slot", number, index);
    CLAIM(places == 1,
          "slab %u (bin %u) slot %u is in %u places: warm %d cold %d "
          "magazine %d out %d",
          number, slab->bin, index, places, marked(slab->warm, index),
          marked(slab->cold, index), met[word_index(slot)], out);
    CLAIM(out || (state & ~STATE_BITS_MASK) == bin_offset(slab->bin),
          "slab %u slot %u: state %x is not of bin %u", number, index, state,
          slab->bin);
    CLAIM(out || ((state & STATE_SLAB) != 0) == (met[word_index(slot)] == 0),
          "slab %u slot %u: state %x, warm %d cold %d", number, index, state,
          marked(slab->warm, index), marked(slab->cold, index));
    census->warm += marked(slab->warm, index);
    census->cold += marked(slab->cold, index);
    if (out && block_tag_inherited(state & ~STATE_OFFSET_MASK))
        census->inherited++;
    else
        census->live += out;
}

/* Words at which no given out slot starts are those of an unused slab. */
static void
check_words(uint32_t number)
{
    const struct slab *slab = slab_at(number);
    const char *start = region_slab_start(number);

    for (unsigned i = 0; i < STATE_WORDS; i++) {
        const char *low = start + ((size_t)i << STATE_SHIFT);
        uint32_t state = *region_state(low);

        if (state == STATE_NONE)
            continue;

        const struct bin_info *info = &bin_info[slab->bin];
        uint32_t colour = slab_colour(slab);
        uint32_t at = i << STATE_SHIFT;
        uint32_t offset = at > colour ? at - colour : 0;
        unsigned next = slot_at_offset(info, offset);

        next += slot_offset(info, next) < offset;
        CLAIM(slab->assigned && next < slab->fresh &&
                  slab_slot_start(number, slab->bin, next) - low <
                      1 << STATE_SHIFT,
              "slab %u: state word %u is %x", number, i, state);
    }
}

static unsigned
population(const uint64_t map[])
{
    unsigned count = 0;

    for (unsigned i = 0; i < SLAB_MAP_WORDS; i++)
        count += (unsigned)__builtin_popcountll(map[i]);
    return count;
}

static void
check_slab(uint32_t number)
{
    const struct slab *slab = slab_at(number);

    check_sets(number);
    check_words(number);
    CLAIM(!slab->purging, "slab %u is being purged", number);
    CLAIM(region_slab_bin[number] ==
              (slab->assigned ? bin_offset(slab->bin) : 0),
          "slab %u: its bin in the table", number);
    CLAIM(slab->fresh <= bin_info[slab->bin].slots, "slab %u: fresh", number);
    CLAIM(population(slab->warm) == slab->warm_free &&
              population(slab->cold) == slab->cold_free,
          "slab %u: counts of warm and cold slots", number);
    for (unsigned slot = slab->fresh; slot < STATE_WORDS; slot++)
        CLAIM(!marked(slab->warm, slot) && !marked(slab->cold, slot),
              "slab %u slot %u: free and fresh", number, slot);
    for (unsigned slot = 0; slot < slab->fresh; slot++)
        check_slot(number, slot);
}

struct slab_sums {
    uint32_t warm[BINS], assigned[BINS], total;
    uint64_t resident;
};

static void
each_slab(void visit(uint32_t number))
{
    for (uint32_t number = 0; number < region.slabs; number++) {
        if (number == region.low)
            number = region.high;
        if (number < region.slabs)
            visit(number);
    }
}

static struct slab_sums sums;

static void
sum_slab(uint32_t number)
{
    const struct slab *slab = slab_at(number);

    if (!slab->assigned)
        return;
    sums.warm[slab->bin] += slab->warm_free;
    sums.assigned[slab->bin]++;
    sums.total++;
    sums.resident += (uint64_t)(slab->fresh - slab->cold_free) *
                     bin_info[slab->bin].slot_bytes;
}

static void
check_sums(void)
{
    memset(&sums, 0, sizeof(sums));
    each_slab(sum_slab);
    for (unsigned bin = 0; bin < BINS; bin++) {
        CLAIM(sums.warm[bin] == atomic_load(&slab_warm_count[bin]),
              "bin %u: %u warm slots, counted %u", bin, sums.warm[bin],
              atomic_load(&slab_warm_count[bin]));
        CLAIM(sums.assigned[bin] == slab_assigned_count[bin],
              "bin %u: %u slabs, counted %u", bin, sums.assigned[bin],
              slab_assigned_count[bin]);
    }
    CLAIM(sums.total == slab_assigned_total, "slabs in all");
    CLAIM(sums.resident == slab_resident_bytes,
          "resident bytes: %llu, counted %llu",
          (unsigned long long)sums.resident,
          (unsigned long long)slab_resident_bytes);
}

/* The counters' view of the same. */
static void
check_account(void)
{
    for (unsigned bin = 0; bin < BINS; bin++) {
        const struct pool_census *census = &pool_census[bin];
        int64_t idle = (int64_t)(census->warm + census->depot + census->cached);
        int64_t live = 0;

        for (uint32_t i = BLOCK_SHARED; i < blocks_used(); i++)
            live += account_share(stats_block_at(account_page, i), bin);
        CLAIM(account_idle(bin) == idle, "bin %u: %lld idle, counted %lld", bin,
              (long long)idle, (long long)account_idle(bin));
        CLAIM(live == (int64_t)census->live, "bin %u: %llu live, counted %lld",
              bin, (unsigned long long)census->live, (long long)live);
    }
}

static void
check_equations(void)
{
    static struct stats_snapshot snapshot;
    const char *equation;

    stats_snapshot_take(&snapshot, account_page, 0);
    equation = stats_broken_equation(&snapshot, true);
    CLAIM(equation == NULL, "equation: %s", equation);
}

/* Every magazine is in a depot, in a cache or empty. */
static void
check_magazines(void)
{
    static struct magazine *empty[1 << 16];
    uint64_t before = depot_metadata_bytes();
    uint64_t all = before / sizeof(struct magazine) - 1;
    unsigned count = 0;
    struct magazine *magazine = magazine_new();

    while (depot_metadata_bytes() == before && magazine != NULL &&
           count < (1 << 16) - 1) {
        empty[count++] = magazine;
        magazine = magazine_new();
    }
    if (magazine != NULL)
        magazine_free(magazine);
    for (unsigned i = count; i-- > 0;)
        magazine_free(empty[i]);
    CLAIM(all == count + magazines_met, "%llu magazines: %u empty, %u in use",
          (unsigned long long)all, count, magazines_met);
}

static bool
make_map(void)
{
    size_t bytes = (size_t)region.slabs * STATE_WORDS;

    if (met != NULL)
        munmap(met, bytes);
    met = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return met != MAP_FAILED;
}

const char *
pool_check(void)
{
    broken[0] = '\0';
    memset(pool_census, 0, sizeof(pool_census));
    magazines_met = 0;
    if (region.slabs == 0)
        return NULL;
    if (!make_map())
        return "no memory for the check";
    for (unsigned bin = 0; bin < BINS; bin++)
        check_depot(bin);
    check_caches();
    each_slab(check_slab);
    check_sums();
    check_magazines();
    if (broken[0] == '\0' && account_page->active)
        check_account();
    if (broken[0] == '\0')
        check_equations();
    return broken[0] != '\0' ? broken : NULL;
}

uint64_t
pool_census_idle(void)
{
    uint64_t idle = 0;

    for (unsigned bin = 0; bin < BINS; bin++)
        idle += pool_census[bin].warm + pool_census[bin].depot +
                pool_census[bin].cached;
    return idle;
}

uint64_t
pool_census_live(void)
{
    uint64_t live = 0;

    for (unsigned bin = 0; bin < BINS; bin++)
        live += pool_census[bin].live;
    return live;
}
