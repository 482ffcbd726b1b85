/* sampler.c - see sampler.h. */
#include "sampler.h"

#include <errno.h>
#include <time.h>

#include "backend.h"
#include "lock.h"
#include "module.h"
#include "os.h"
#include "pool.h"
#include "stack.h"
#include "stderr_target.h"

static struct sites *table; /* NULL: off */
static uint32_t stacks_max;
static struct pool_sample_rate rate;
static bool by_frame_pointers;
static bool is_shared; /* the table, up to its keys, is mapped from a file */

/* FNV-1a over whole addresses, mixed at the end; never 0. */
static uint64_t
hash_of(const uintptr_t *address, unsigned depth)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (unsigned i = 0; i < depth; i++) {
        hash = (hash ^ address[i]) * UINT64_C(0x100000001b3);
        hash ^= hash >> 29;
    }
    hash = (hash ^ hash >> 32) * UINT64_C(0x9e3779b97f4a7c15);
    return (hash ^ hash >> 32) | 1;
}

static uint64_t
frame_of(uintptr_t address, struct sites_module *module)
{
    uint64_t mask = (UINT64_C(1) << SITES_OFFSET_BITS) - 1;
    unsigned number;

    /* Usually the address lies in the same file as the previous frame's. */
    if ((address < module->start || address >= module->end) &&
        !module_find(address, module))
        module->end = 0;
    number = module->end == 0 ? SITES_NO_MODULE : sites_module(table, module);
    if (number == SITES_NO_MODULE)
        return (uint64_t)SITES_NO_MODULE << SITES_OFFSET_BITS |
               (address & mask);
    return (uint64_t)number << SITES_OFFSET_BITS |
           ((address - module->base) & mask);
}

static noinline void
describe(struct site *site, const uintptr_t *address, unsigned depth)
{
    uint64_t frame[SITES_FRAMES_MAX];
    struct sites_module module = {0};

    for (unsigned i = 0; i < depth; i++)
        frame[i] = frame_of(address[i], &module);
    sites_describe(table, site, frame, depth);
}

static struct site *
find_site(void)
{
    uintptr_t address[SITES_FRAMES_MAX];
    unsigned depth = stack_take(address, SITES_FRAMES_MAX, by_frame_pointers);
    bool is_new;
    struct site *site = sites_find(table, hash_of(address, depth), &is_new);

    if (is_new)
        describe(site, address, depth);
    return site;
}

static bool
begin(const struct pool_sample *sample)
{
    const struct sites_sample noted = {
        .bytes = sample->bytes,
        .rate = sample->rate,
        .thread = lock_self(),
        .now_ns = os_clock_ns(CLOCK_MONOTONIC),
        .tag = sample->tag,
        .missed = sample->missed,
    };

    return sites_begin(table, find_site(), sample->buffer, &noted);
}

static uint32_t
end(const void *buffer, uint32_t tag)
{
    (void)sites_end(table, buffer, lock_self(), os_clock_ns(CLOCK_MONOTONIC),
                    &tag);
    return tag;
}

static bool
refuse(void)
{
    static const char text[] =
        "midpool: no memory for the table of sites; sites:off is used\n";

    stderr_target_say(text, sizeof text - 1);
    return false;
}

static void
choose_unwinder(const struct options *options)
{
    static const char text[] =
        "midpool: before glibc 2.35, .eh_frame can not be used without a lock;"
        " unwind:fp is used\n";

    by_frame_pointers = options->unwind == SITES_UNWIND_FP;
    if (by_frame_pointers || stack_eh_is_safe())
        return;
    by_frame_pointers = true;
    stderr_target_say(text, sizeof text - 1);
}

/*
 * With sites:auto, the first 16 MB that a thread requests have 256 samples, and
 * the first 1 GB has some 1,300. In the end one buffer of 4 KB in 8,192 is
 * sampled; a sample then adds less than a hundredth to the time of the malloc
 * and free of so many buffers.
 */
static struct pool_sample_rate
rate_of(const struct options *options)
{
    uint64_t bytes = options->sites;
    struct pool_sample_rate found = {bytes, bytes, options->sites_all};

    if (bytes == OPTION_SITES_AUTO) {
        found.first = 64 << 10;
        found.most = 32 << 20;
    }
    return found;
}

/* Initialises the table in memory that reads as zero. */
static void
begin_fresh(void)
{
    sites_init(table, stacks_max, rate.first);
    table->all = rate.all;
    table->unwind = by_frame_pointers ? SITES_UNWIND_FP : SITES_UNWIND_EH;
}

/* The same if the private part, which follows the shared one, was in use. */
static void
begin_anew(void)
{
    begin_fresh();
    sites_restart(table);
}

bool
sampler_start(const struct options *options)
{
    static const struct pool_sampler sampler = {begin, end};
    size_t bytes;
    void *memory;

    if (options->sites == 0)
        return false;
    stacks_max = (uint32_t)options->sites_max;
    rate = rate_of(options);
    bytes = sites_bytes(stacks_max);
    memory = os_reserve(bytes, os_page_bytes());
    if (memory == NULL || !os_commit(memory, bytes))
        return refuse();
    os_name(memory, bytes, "midpool sites");
    choose_unwinder(options);
    table = memory;
    begin_fresh();
    if (rate.all)
        backend_watch_frees();
    pool_sample_start(&sampler, rate, 0);
    return true;
}

size_t
sampler_shared_bytes(void)
{
    return table == NULL
               ? 0
               : align_up(sites_shared_bytes(stacks_max), os_page_bytes());
}

bool
sampler_share(int fd, size_t offset)
{
    if (!os_map_shared_from(table, sampler_shared_bytes(), fd, offset))
        return false;
    is_shared = true;
    begin_anew();
    return true;
}

void
sampler_forked(void)
{
    if (table == NULL)
        return;
    if (!is_shared) {
        sites_restart(table);
    } else if (os_map_private(table, sampler_shared_bytes())) {
        is_shared = false;
        begin_anew();
    } else {
        pool_sample_start(NULL, (struct pool_sample_rate){0}, 0);
        table = NULL;
    }
}

void
sampler_reset(void)
{
    if (table != NULL)
        sites_reset(table);
}

const struct sites *
sampler_table(void)
{
    return table;
}
