/* sites.c - see sites.h. */
#include "sites.h"

#include "chance.h"

enum { KEY_FREE = 0, KEY_BUSY = 1, KEY_WINDOW = 16, FRAMES_A_STACK = 32 };

struct record {
    uint32_t site;
    uint32_t generation;
    uint32_t tag;
    uint32_t reserved;
    uint64_t objects; /* in 1 / SITES_UNIT */
    uint64_t bytes;   /* estimated */
    uint64_t thread;
    int64_t start_ns;
};

#define LOAD(word) __atomic_load_n(&(word), __ATOMIC_RELAXED)
#define ADD(word, amount)                                                      \
    __atomic_fetch_add(&(word), (amount), __ATOMIC_RELAXED)

/* The smallest power of two that is no less. */
static uint32_t
power_of_two(uint32_t value)
{
    return value <= 1 ? 1 : (uint32_t)1 << (32 - __builtin_clz(value - 1));
}

static uint32_t
site_count(uint32_t stacks_max)
{
    return power_of_two(stacks_max + stacks_max / 4 + 1) + 1;
}

static uint32_t
key_count(uint32_t stacks_max)
{
    return power_of_two(stacks_max * SITES_LIVE_FACTOR);
}

static struct site *
site_at(const struct sites *table, uint32_t index)
{
    return (struct site *)((uintptr_t)table + sizeof(*table)) + index;
}

static uint64_t *
frames_of(const struct sites *table)
{
    return (uint64_t *)site_at(table, table->site_count);
}

static struct sites_module *
module_at(const struct sites *table, uint32_t index)
{
    return (struct sites_module *)(frames_of(table) + table->frame_count) +
           index;
}

static uint64_t *
keys_of(const struct sites *table)
{
    return (uint64_t *)module_at(table, SITES_MODULES);
}

static struct record *
record_at(const struct sites *table, uint32_t index)
{
    return (struct record *)(keys_of(table) + table->key_count) + index;
}

static void
set_counts(struct sites *table, uint32_t stacks_max)
{
    table->site_count = site_count(stacks_max);
    table->key_count = key_count(stacks_max);
    table->frame_count = stacks_max * FRAMES_A_STACK;
}

size_t
sites_bytes(uint32_t stacks_max)
{
    struct sites table;

    set_counts(&table, stacks_max);
    return (uintptr_t)record_at(&table, table.key_count) - (uintptr_t)&table;
}

size_t
sites_shared_bytes(uint32_t stacks_max)
{
    struct sites table;

    set_counts(&table, stacks_max);
    return (uintptr_t)keys_of(&table) - (uintptr_t)&table;
}

void
sites_init(struct sites *table, uint32_t stacks_max, uint64_t rate)
{
    table->layout = SITES_LAYOUT;
    table->stacks_max = stacks_max;
    set_counts(table, stacks_max);
    table->rate = rate;
    table->rate_most = rate;
    table->bytes = sites_bytes(stacks_max);
    table->generation = 1;
}

bool
sites_tame(struct sites *table, size_t bytes)
{
    if (bytes < sizeof *table || table->layout != SITES_LAYOUT ||
        table->stacks_max == 0 || table->stacks_max > SITES_STACKS_MAX ||
        bytes < sites_shared_bytes(table->stacks_max))
        return false;
    set_counts(table, table->stacks_max);
    for (uint32_t i = 0; i < SITES_MODULES; i++) {
        module_at(table, i)->path[SITES_PATH_BYTES - 1] = '\0';
        module_at(table, i)
            ->build_id[sizeof(module_at(table, i)->build_id) - 1] = '\0';
    }
    for (uint32_t i = 0; i < table->site_count; i++) {
        struct site *site = site_at(table, i);

        if (site->depth > SITES_FRAMES_MAX ||
            site->depth > table->frame_count ||
            site->frame > table->frame_count - site->depth)
            site->ready = 0;
    }
    return true;
}

static void
clear_counts(struct site *site)
{
    char *from = (char *)&site->samples;
    uint64_t *word = (uint64_t *)from;
    size_t bytes = (size_t)((char *)(site + 1) - from);

    for (size_t i = 0; i < bytes / sizeof(*word); i++)
        __atomic_store_n(&word[i], 0, __ATOMIC_RELAXED);
}

void
sites_reset(struct sites *table)
{
    ADD(table->generation, 1);
    for (uint32_t i = 0; i < table->site_count; i++) {
        if (i == 0 || LOAD(site_at(table, i)->hash) != 0)
            clear_counts(site_at(table, i));
    }
    __atomic_store_n(&table->live_bytes, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&table->peak_bytes, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&table->peak, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&table->lost, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&table->rate_most, table->rate, __ATOMIC_RELAXED);
}

void
sites_restart(struct sites *table)
{
    uint64_t *key = keys_of(table);

    sites_reset(table);
    for (uint32_t i = 0; i < table->key_count; i++) {
        if (key[i] != KEY_FREE)
            key[i] = KEY_FREE;
    }
}

/* An element for a new stack; false: as many as there may be are in use. */
static bool
take_room(struct sites *table)
{
    if (ADD(table->stacks, 1) < table->stacks_max)
        return true;
    ADD(table->stacks, (uint32_t)-1);
    return false;
}

struct site *
sites_find(struct sites *table, uint64_t hash, bool *is_new)
{
    uint32_t mask = table->site_count - 2;
    bool room = false;

    *is_new = false;
    for (uint32_t i = 0; i <= mask; i++) {
        struct site *site = site_at(table, 1 + (((uint32_t)hash + i) & mask));
        uint64_t seen = __atomic_load_n(&site->hash, __ATOMIC_ACQUIRE);

        if (seen == 0 && !room && !(room = take_room(table)))
            return site_at(table, 0);
        if (seen == 0 &&
            __atomic_compare_exchange_n(&site->hash, &seen, hash, false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
            *is_new = true;
            return site;
        }
        if (seen == hash) {
            if (room)
                ADD(table->stacks, (uint32_t)-1);
            return site;
        }
    }
    return site_at(table, 0);
}

void
sites_describe(struct sites *table, struct site *site, const uint64_t *frame,
               unsigned depth)
{
    uint32_t first = ADD(table->frames, depth);

    if (first > table->frame_count || depth > table->frame_count - first) {
        ADD(table->frames, -depth);
        return;
    }
    for (unsigned i = 0; i < depth; i++)
        frames_of(table)[first + i] = frame[i];
    site->frame = first;
    site->depth = (uint16_t)depth;
    __atomic_store_n(&site->ready, 1, __ATOMIC_RELEASE);
}

static bool
same_text(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

unsigned
sites_module(struct sites *table, const struct sites_module *module)
{
    uint32_t used = LOAD(table->modules);
    uint32_t index;

    for (index = 0; index < used && index < SITES_MODULES; index++) {
        const struct sites_module *seen = module_at(table, index);

        if (__atomic_load_n(&seen->ready, __ATOMIC_ACQUIRE) &&
            seen->start == module->start && seen->base == module->base &&
            same_text(seen->path, module->path) &&
            same_text(seen->build_id, module->build_id))
            return index;
    }
    index = ADD(table->modules, 1);
    if (index >= SITES_MODULES) {
        ADD(table->modules, (uint32_t)-1);
        return SITES_NO_MODULE;
    }
    *module_at(table, index) = *module;
    __atomic_store_n(&module_at(table, index)->ready, 1, __ATOMIC_RELEASE);
    return index;
}

/* The sum of several threads' additions. */
static void
add_variance(double *sum, double amount)
{
    double seen;
    double wanted;

    __atomic_load(sum, &seen, __ATOMIC_RELAXED);
    do
        wanted = seen + amount;
    while (!__atomic_compare_exchange(sum, &seen, &wanted, true,
                                      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

/*
 * To be called before the site's live counts change: if the last peak was after
 * their last change, they were the same at that peak as now.
 */
static void
settle_peak(const struct sites *table, struct site *site)
{
    uint64_t peak = LOAD(table->peak);

    if (LOAD(site->peak) == peak)
        return;
    __atomic_store_n(&site->peak_objects, LOAD(site->live_objects),
                     __ATOMIC_RELAXED);
    __atomic_store_n(&site->peak_bytes, LOAD(site->live_bytes),
                     __ATOMIC_RELAXED);
    __atomic_store_n(&site->peak, peak, __ATOMIC_RELAXED);
}

static void
live_more(struct sites *table, struct site *site, const struct record *record)
{
    int64_t peak = LOAD(table->peak_bytes);
    int64_t live;

    settle_peak(table, site);
    ADD(site->live_objects, (int64_t)record->objects);
    ADD(site->live_bytes, (int64_t)record->bytes);
    live = __atomic_add_fetch(&table->live_bytes, (int64_t)record->bytes,
                              __ATOMIC_RELAXED);
    while (live > peak) {
        if (__atomic_compare_exchange_n(&table->peak_bytes, &peak, live, true,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
            ADD(table->peak, 1);
            break;
        }
    }
}

static void
live_less(struct sites *table, struct site *site, const struct record *record)
{
    settle_peak(table, site);
    ADD(site->live_objects, -(int64_t)record->objects);
    ADD(site->live_bytes, -(int64_t)record->bytes);
    ADD(table->live_bytes, -(int64_t)record->bytes);
}

/* The first of the keys among which an address may be. */
static uint32_t
first_key(const struct sites *table, uintptr_t address)
{
    uint64_t mixed = (uint64_t)address;

    /* Addresses that are a fixed step apart are not to end up side by side. */
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(mixed ^ mixed >> 31) & (table->key_count - 1);
}

static bool
keep(struct sites *table, uintptr_t address, const struct record *record)
{
    uint32_t first = first_key(table, address);
    uint64_t *key = keys_of(table);

    for (uint32_t i = 0; i < KEY_WINDOW && i < table->key_count; i++) {
        uint32_t at = (first + i) & (table->key_count - 1);
        uint64_t seen = LOAD(key[at]);

        if (seen != KEY_FREE ||
            !__atomic_compare_exchange_n(&key[at], &seen, KEY_BUSY, false,
                                         __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            continue;
        *record_at(table, at) = *record;
        __atomic_store_n(&key[at], address, __ATOMIC_RELEASE);
        return true;
    }
    return false;
}

static bool
take(struct sites *table, uintptr_t address, struct record *record)
{
    uint32_t first = first_key(table, address);
    uint64_t *key = keys_of(table);

    for (uint32_t i = 0; i < KEY_WINDOW && i < table->key_count; i++) {
        uint32_t at = (first + i) & (table->key_count - 1);
        uint64_t seen = __atomic_load_n(&key[at], __ATOMIC_ACQUIRE);

        if (seen != address)
            continue;
        *record = *record_at(table, at);
        return __atomic_compare_exchange_n(&key[at], &seen, KEY_FREE, false,
                                           __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
    }
    return false;
}

static void
note_rate(struct sites *table, uint64_t rate)
{
    uint64_t most = LOAD(table->rate_most);

    while (rate > most &&
           !__atomic_compare_exchange_n(&table->rate_most, &most, rate, true,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        continue;
}

bool
sites_begin(struct sites *table, struct site *site, const void *buffer,
            const struct sites_sample *sample)
{
    double weight = 1 / chance_of(sample->bytes, sample->rate);
    double spread = weight * (weight - 1);
    double bytes = (double)sample->bytes;
    struct record record = {
        .site = (uint32_t)(site - site_at(table, 0)),
        .generation = LOAD(table->generation),
        .tag = sample->tag,
        .objects = (uint64_t)(weight * SITES_UNIT + 0.5),
        .bytes = (uint64_t)(weight * bytes + 0.5),
        .thread = sample->thread,
        .start_ns = sample->now_ns,
    };

    note_rate(table, sample->rate);
    ADD(site->samples, 1);
    ADD(site->objects, record.objects);
    ADD(site->bytes, record.bytes);
    add_variance(&site->objects_variance, spread);
    add_variance(&site->bytes_variance, spread * bytes * bytes);
    if (sample->missed) {
        ADD(site->misses, record.objects);
        add_variance(&site->misses_variance, spread);
    }
    /* The program gets the buffer, and may free it, only after this returns. */
    if (keep(table, (uintptr_t)buffer, &record)) {
        live_more(table, site, &record);
        return true;
    }
    ADD(table->lost, 1);
    return false;
}

static unsigned
lifetime_of(int64_t ns)
{
    uint64_t us = ns > 0 ? (uint64_t)ns / 1000 : 0;
    unsigned width = us == 0 ? 0 : 64 - (unsigned)__builtin_clzl(us);
    unsigned bucket = (width + 1) / 2;

    return bucket < SITES_LIFETIMES ? bucket : SITES_LIFETIMES - 1;
}

bool
sites_end(struct sites *table, const void *buffer, uint64_t thread,
          int64_t now_ns, uint32_t *tag)
{
    struct record record;
    struct site *site;

    if (!take(table, (uintptr_t)buffer, &record))
        return false;
    *tag = record.tag;
    if (record.generation != LOAD(table->generation))
        return true;
    site = site_at(table, record.site);
    live_less(table, site, &record);
    ADD(site->frees, 1);
    ADD(site->remote_frees, record.thread != thread);
    ADD(site->lifetime[lifetime_of(now_ns - record.start_ns)], 1);
    return true;
}

const struct site *
sites_at(const struct sites *table, uint32_t index)
{
    return site_at(table, index);
}

const uint64_t *
sites_frames(const struct sites *table, const struct site *site)
{
    return frames_of(table) + site->frame;
}

const struct sites_module *
sites_module_at(const struct sites *table, uint32_t index)
{
    return module_at(table, index);
}

struct sites_peak
sites_peak(const struct sites *table, const struct site *site)
{
    bool later = LOAD(site->peak) != LOAD(table->peak);

    return (struct sites_peak){
        .objects = later ? LOAD(site->live_objects) : LOAD(site->peak_objects),
        .bytes = later ? LOAD(site->live_bytes) : LOAD(site->peak_bytes),
    };
}
