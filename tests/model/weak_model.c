/*
 * weak_model.c - what C11 lets a reader see of counters that are being folded,
 * and of a curve that is being written.
 *
 *   weak_model [recent|series NUMBER|bin]
 *
 * NUMBER leaves out that fence, counted from 1, of every fold or interval; bin
 * has the fold's bin read without acquiring: to show that each is found.
 *
 * Model     stats/page/recent.h and stats/page/series.h themselves, with their
 * atomic operations replaced by those of a machine with views (Kang et al., "A
 * Promising Semantics for Relaxed-Memory Concurrency", 2017, without promises).
 * A store is a message that stays for ever and carries the writer's view: which
 * message of each place its reader may no longer be behind. That is all the
 * writer has seen for a releasing store, and what it had seen at the last
 * releasing fence for a relaxed one. A load takes any message of its place that
 * is not behind the reader's view; an acquiring one takes the message's view
 * over. The writer reads nothing of the reader's, so it runs first, and then
 * the reader with every sequence of choices.
 */
#include "page.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLACES = 64, MESSAGES = 16, CHOICES = 400 };

struct view {
    unsigned char time[PLACES];
};

static struct place {
    const volatile void *at;
    unsigned messages;
    uint64_t value[MESSAGES];
    struct view view[MESSAGES];
} place[PLACES];

static unsigned places;
static struct view writer, fenced, reader;
static bool reading;
static unsigned fences, left_out;
static const volatile void *unordered; /* loads of it acquire nothing */

static unsigned choice[CHOICES], choices_of[CHOICES], given, depth;

_Noreturn static void
fail(const char *what)
{
    fprintf(stderr, "%s; messages taken:", what);
    for (unsigned i = 0; i < depth; i++)
        fprintf(stderr, " %u", choice[i]);
    fputc('\n', stderr);
    exit(1);
}

static void
join(struct view *into, const struct view *view)
{
    for (unsigned i = 0; i < PLACES; i++)
        if (into->time[i] < view->time[i])
            into->time[i] = view->time[i];
}

static uint64_t
word_at(const volatile void *at, size_t bytes)
{
    return bytes == 4 ? *(const volatile uint32_t *)at
                      : *(const volatile uint64_t *)at;
}

/* The place at an address; its first message is what is there already. */
static unsigned
place_of(const volatile void *at, size_t bytes)
{
    unsigned i = 0;

    while (i < places && place[i].at != at)
        i++;
    if (i < places)
        return i;
    if (places == PLACES)
        fail("more places than there is room for");
    memset(&place[i], 0, sizeof(place[i]));
    place[i].at = at;
    place[i].value[place[i].messages++] = word_at(at, bytes);
    places++;
    return i;
}

static void
weak_store(volatile void *at, size_t bytes, uint64_t value, int order)
{
    unsigned i = place_of(at, bytes);
    unsigned time = place[i].messages++;

    if (time == MESSAGES)
        fail("more messages than there is room for");
    if (bytes == 4)
        *(volatile uint32_t *)at = (uint32_t)value;
    else
        *(volatile uint64_t *)at = value;
    writer.time[i] = (unsigned char)time;
    place[i].value[time] = value;
    place[i].view[time] = order == __ATOMIC_RELEASE ? writer : fenced;
    place[i].view[time].time[i] = (unsigned char)time;
}

/* One of so many; every sequence of answers is tried. */
static unsigned
choose(unsigned many)
{
    if (depth == CHOICES)
        fail("no end");
    if (depth >= given)
        choice[depth] = 0;
    choices_of[depth] = many;
    return choice[depth++];
}

static uint64_t
weak_load(const volatile void *at, size_t bytes, int order)
{
    unsigned i = place_of(at, bytes);
    unsigned behind = reader.time[i];
    unsigned time;

    if (!reading)
        return word_at(at, bytes);
    time = behind + choose(place[i].messages - behind);
    reader.time[i] = (unsigned char)time;
    if (order == __ATOMIC_ACQUIRE && at != unordered)
        join(&reader, &place[i].view[time]);
    return place[i].value[time];
}

static void
weak_fence(void)
{
    if (++fences != left_out)
        fenced = writer;
}

#define __atomic_load_n(at, order)                                             \
    ((__typeof__(*(at) + 0))weak_load((at), sizeof(*(at)), (order)))
#define __atomic_store_n(at, value, order)                                     \
    weak_store((at), sizeof(*(at)), (uint64_t)(value), (order))
#define __atomic_thread_fence(order) weak_fence()
/* Of the writer, which is the only one. */
#define __atomic_compare_exchange_n(at, was, value, weak, order, failed)       \
    (*(at) == *(was)                                                           \
         ? (weak_store((at), sizeof(*(at)), (value), __ATOMIC_RELAXED), true)  \
         : false)

#include "recent.h"
#include "series.h"

enum { BIN = 4, OTHER = 5, BYTES = 3000, BEFORE = 3, LENGTH_NS = 100 };

static struct stats_block block;
static struct stats_header header;
static uint64_t counted;

static void
count(unsigned bin)
{
    struct stats_hot *hot = &block.hot[bin];

    __atomic_store_n(&hot->recent, hot->recent + RECENT_GET + BYTES,
                     __ATOMIC_RELAXED);
    counted += bin == BIN;
}

static void
fold(unsigned bin)
{
    fences = 0;
    recent_fold(&block, bin, 50);
}

/* The first is past when the reader begins. */
static void
write_recent(bool past)
{
    if (past) {
        fold(BIN);
        for (unsigned i = 0; i < BEFORE; i++)
            count(BIN);
        return;
    }
    fold(BIN);
    count(BIN);
    fold(OTHER);
    fold(BIN);
}

static void
read_recent(void)
{
    struct recent_sums sums = recent_read(&block, BIN);

    if (sums.bytes != sums.gets * BYTES)
        fail("gets and bytes of different moments");
    if (sums.gets < BEFORE || sums.gets > counted)
        fail("gets that never were");
}

/* Of an interval all words are the same, and the sum of all never changes. */
static void
set_interval(uint32_t index, uint64_t value)
{
    series_set(&header, index,
               (struct stats_interval){value, value, value, value});
}

static void
write_series(bool past)
{
    fences = 0;
    if (!series_begin(&header))
        fail("the lock was left taken");
    if (past) {
        set_interval(0, 1);
        set_interval(1, 2);
        series_set_length(&header, 2, LENGTH_NS);
    } else {
        /* Two become one of twice the length, and another one follows. */
        set_interval(0, 3);
        series_set_length(&header, 1, 2 * LENGTH_NS);
        set_interval(1, 4);
        series_set_length(&header, 2, 2 * LENGTH_NS);
    }
    series_end(&header);
}

static void
read_series(void)
{
    struct stats_interval got[PAGE_INTERVALS];
    uint32_t intervals;
    int64_t length;

    if (!series_copy(&header, got, &intervals, &length))
        return;
    if (intervals != 2 || (length != LENGTH_NS && length != 2 * LENGTH_NS))
        fail("a curve that never was");
    for (uint32_t i = 0; i < intervals; i++) {
        uint64_t value = (length == LENGTH_NS ? 1 : 3) + i;

        if (got[i].gets != value || got[i].hits != value ||
            got[i].misses != value || got[i].live_bytes != value)
            fail("an interval of different moments");
    }
}

/* The next sequence of choices. False: there is none. */
static bool
next(void)
{
    while (depth > 0 && choice[depth - 1] + 1 == choices_of[depth - 1])
        depth--;
    if (depth == 0)
        return false;
    choice[depth - 1]++;
    given = depth;
    return true;
}

static void
explore(const char *name, void (*write)(bool), void (*read)(void))
{
    unsigned long runs = 0;

    places = 0;
    memset(&writer, 0, sizeof(writer));
    memset(&fenced, 0, sizeof(fenced));
    reading = false;
    write(true);
    /* Past steps carry no choice. */
    places = 0;
    memset(&writer, 0, sizeof(writer));
    memset(&fenced, 0, sizeof(fenced));
    write(false);
    reading = true;
    given = 0;
    do {
        depth = 0;
        memset(&reader, 0, sizeof(reader));
        read();
        runs++;
    } while (next());
    printf("%s: %lu different runs\n", name, runs);
}

int
main(int argc, char **argv)
{
    bool recent = argc < 2 || strcmp(argv[1], "recent") == 0;
    bool series = argc < 2 || strcmp(argv[1], "series") == 0;

    if (argc > 2 && strcmp(argv[2], "bin") == 0)
        unordered = &block.fold.bin;
    else if (argc > 2)
        left_out = (unsigned)atoi(argv[2]);
    if (recent)
        explore("a reader of three folds", write_recent, read_recent);
    if (series)
        explore("a reader of the curve", write_series, read_series);
    return 0;
}
