/*
 * weak.c - see explore.h: messages and views.
 */
#include "weak.h"

#include <stdlib.h>
#include <string.h>

enum { PLACES = 48, MESSAGES = 48, ORDERS = 64, NONE = ORDERS, PATIENCE = 2 };

/* Of each place, the message that the holder is not behind. */
struct view {
    unsigned char time[PLACES];
};

/* In the order of modification. */
struct message {
    uint64_t value;
    struct view view;
    bool follows; /* directly, as a read-modify-write of the one before */
};

static struct place {
    const volatile void *at;
    size_t bytes;
    unsigned messages;
    struct message message[MESSAGES];
} place[PLACES];

static unsigned places;

static struct thread {
    struct view seen;
    struct view to_acquire; /* by a fence: what relaxed loads brought */
    struct view released;   /* by the last fence */
    uint64_t learnt;        /* a hash of all values that were read */
    /* How often the message that is seen was read again though it is old. */
    struct view again;
} thread[EXPLORE_TASKS];

static struct explore_site site_of[ORDERS];
static unsigned orders, left_out = NONE;

static struct thread *
self(void)
{
    return &thread[explore_self()];
}

void
weak_reset(void)
{
    places = 0;
    memset(thread, 0, sizeof(thread));
}

static bool
is_same(struct explore_site a, struct explore_site b)
{
    return a.line == b.line && strcmp(a.file, b.file) == 0;
}

/* The order of an access, or relaxed if that is the one to do without. */
static int
order_at(int order, struct explore_site site)
{
    unsigned i = 0;

    if (order == __ATOMIC_RELAXED)
        return order;
    while (i < orders && !is_same(site_of[i], site))
        i++;
    if (i == ORDERS)
        explore_stop("more orders than there is room for");
    if (i == orders)
        site_of[orders++] = site;
    return i == left_out ? __ATOMIC_RELAXED : order;
}

unsigned
weak_orders(void)
{
    return orders;
}

struct explore_site
weak_order(unsigned number)
{
    return site_of[number];
}

void
explore_forget(uint64_t state)
{
    if (explore_self() >= 0)
        self()->learnt = weak_mix(0, state);
}

void
weak_leave_out(unsigned number)
{
    left_out = number;
}

static bool
acquires(int order)
{
    return order != __ATOMIC_RELAXED && order != __ATOMIC_RELEASE;
}

static bool
releases(int order)
{
    return order >= __ATOMIC_RELEASE;
}

void
weak_learn(uint64_t value)
{
    self()->learnt = weak_mix(self()->learnt, value);
}

static void
join(struct view *into, const struct view *view)
{
    for (unsigned i = 0; i < places; i++)
        if (into->time[i] < view->time[i])
            into->time[i] = view->time[i];
}

/* Plain memory: what outside of tasks is read, and the last message. */
static uint64_t
fetch(const volatile void *at, size_t bytes)
{
    switch (bytes) {
    case 1:
        return *(const volatile uint8_t *)at;
    case 2:
        return *(const volatile uint16_t *)at;
    case 4:
        return *(const volatile uint32_t *)at;
    default:
        return *(const volatile uint64_t *)at;
    }
}

static void
put(volatile void *at, size_t bytes, uint64_t value)
{
    switch (bytes) {
    case 1:
        *(volatile uint8_t *)at = (uint8_t)value;
        break;
    case 2:
        *(volatile uint16_t *)at = (uint16_t)value;
        break;
    case 4:
        *(volatile uint32_t *)at = (uint32_t)value;
        break;
    default:
        *(volatile uint64_t *)at = value;
    }
}

static uint64_t
cut(uint64_t value, size_t bytes)
{
    return bytes == 8 ? value : value & (((uint64_t)1 << 8 * bytes) - 1);
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
        explore_stop("more places than there is room for");
    memset(&place[i].message[0], 0, sizeof(place[i].message[0]));
    place[i].at = at;
    place[i].bytes = bytes;
    place[i].messages = 1;
    place[i].message[0].value = bytes == 0 ? 0 : fetch(at, bytes);
    places++;
    return i;
}

static void
move_on(struct view *view, unsigned i, unsigned from)
{
    if (view->time[i] >= from)
        view->time[i]++;
}

/* Views name messages by their number, which those from there on change. */
static void
make_room(unsigned i, unsigned from)
{
    struct place *it = &place[i];

    for (unsigned t = 0; t < EXPLORE_TASKS; t++) {
        move_on(&thread[t].seen, i, from);
        move_on(&thread[t].to_acquire, i, from);
        move_on(&thread[t].released, i, from);
    }
    for (unsigned p = 0; p < places; p++)
        for (unsigned m = 0; m < place[p].messages; m++)
            move_on(&place[p].message[m].view, i, from);
    memmove(&it->message[from + 1], &it->message[from],
            (it->messages - from) * sizeof(it->message[0]));
}

/* A message at the given time; base: of the one that it follows on, or NULL. */
static void
add(unsigned i, unsigned time, uint64_t value, int order,
    const struct view *base)
{
    struct place *it = &place[i];
    struct message *message = &it->message[time];

    if (it->messages == MESSAGES)
        explore_stop("more messages than there is room for");
    if (time < it->messages)
        make_room(i, time);
    it->messages++;
    self()->seen.time[i] = (unsigned char)time;
    join(&self()->to_acquire, &self()->seen);
    message->value = value;
    message->follows = base != NULL;
    message->view = releases(order) ? self()->seen : self()->released;
    if (base != NULL)
        join(&message->view, base);
    message->view.time[i] = (unsigned char)time;
    if (it->bytes > 0)
        put((volatile void *)it->at, it->bytes,
            it->message[it->messages - 1].value);
}

/* The oldest message that may be read: none for ever. */
static unsigned
oldest(unsigned i)
{
    unsigned time = self()->seen.time[i];

    return time +
           (self()->again.time[i] == PATIENCE && time + 1u < place[i].messages);
}

static uint64_t
take(unsigned i, unsigned time, int order)
{
    const struct message *message = &place[i].message[time];

    if (time != self()->seen.time[i])
        self()->again.time[i] = 0;
    else if (time + 1 < place[i].messages)
        self()->again.time[i]++;
    self()->seen.time[i] = (unsigned char)time;
    join(&self()->to_acquire, &message->view);
    if (acquires(order))
        join(&self()->seen, &message->view);
    weak_learn(message->value);
    return message->value;
}

static bool
is_followed(unsigned i, unsigned time)
{
    return time + 1 < place[i].messages && place[i].message[time + 1].follows;
}

uint64_t
explore_load(const volatile void *at, size_t bytes, int order,
             struct explore_site site)
{
    unsigned i;
    unsigned behind;

    if (!explore_step(at))
        return fetch(at, bytes);
    i = place_of(at, bytes);
    behind = place[i].messages - oldest(i);
    return take(i, place[i].messages - 1 - explore_choose(behind),
                order_at(order, site));
}

void
explore_store(volatile void *at, size_t bytes, uint64_t value, int order,
              struct explore_site site)
{
    unsigned times[MESSAGES];
    unsigned count = 0;
    unsigned i;

    if (!explore_step(at)) {
        put(at, bytes, value);
        return;
    }
    i = place_of(at, bytes);
    for (unsigned t = place[i].messages; t > self()->seen.time[i]; t--)
        if (!is_followed(i, t - 1))
            times[count++] = t;
    weak_learn(0);
    add(i, times[explore_choose(count)], cut(value, bytes),
        order_at(order, site), NULL);
}

/* The message that a read-modify-write takes; expected: only such, or others.
 */
static unsigned
choose_followed(unsigned i, const uint64_t *expected)
{
    unsigned times[MESSAGES];
    unsigned count = 0;

    for (unsigned t = place[i].messages; t-- > oldest(i);)
        if (!is_followed(i, t) ||
            (expected != NULL && place[i].message[t].value != *expected))
            times[count++] = t;
    return times[explore_choose(count)];
}

/* Takes a message and puts another directly behind it. */
static void
follow(unsigned i, unsigned time, uint64_t value, int order)
{
    struct view base = place[i].message[time].view;

    (void)take(i, time, order);
    add(i, time + 1, value, order, &base);
}

bool
explore_compare(volatile void *at, size_t bytes, uint64_t *expected,
                uint64_t value, int order, int order_if_not,
                struct explore_site site)
{
    bool step = explore_step(at);
    unsigned i;
    unsigned time;
    uint64_t wanted = cut(*expected, bytes);

    if (!step) {
        *expected = fetch(at, bytes);
        if (*expected == wanted)
            put(at, bytes, value);
        return *expected == wanted;
    }
    i = place_of(at, bytes);
    time = choose_followed(i, &wanted);
    if (place[i].message[time].value != wanted) {
        *expected = take(i, time, order_at(order_if_not, site));
        return false;
    }
    follow(i, time, cut(value, bytes), order_at(order, site));
    return true;
}

uint64_t
explore_exchange(volatile void *at, size_t bytes, uint64_t value, int order,
                 struct explore_site site)
{
    uint64_t before;
    unsigned i;
    unsigned time;

    if (!explore_step(at)) {
        before = fetch(at, bytes);
        put(at, bytes, value);
        return before;
    }
    i = place_of(at, bytes);
    time = choose_followed(i, NULL);
    before = place[i].message[time].value;
    follow(i, time, cut(value, bytes), order_at(order, site));
    return before;
}

uint64_t
explore_add(volatile void *at, size_t bytes, uint64_t amount, int order,
            struct explore_site site)
{
    uint64_t before;
    unsigned i;
    unsigned time;

    if (!explore_step(at)) {
        before = fetch(at, bytes);
        put(at, bytes, before + amount);
        return before;
    }
    i = place_of(at, bytes);
    time = choose_followed(i, NULL);
    before = place[i].message[time].value;
    follow(i, time, cut(before + amount, bytes), order_at(order, site));
    return before;
}

void
explore_fence(int order, struct explore_site site)
{
    if (explore_self() < 0)
        return;
    order = order_at(order, site);
    if (acquires(order))
        self()->seen = self()->to_acquire;
    if (releases(order))
        self()->released = self()->seen;
}

void
explore_own(const void *data)
{
    unsigned i;

    if (explore_self() < 0)
        return;
    i = place_of((const char *)data + 1, 0); /* no atomic access is there */
    if (self()->seen.time[i] + 1u != place[i].messages)
        explore_fail("a data race");
    add(i, place[i].messages, 0, __ATOMIC_RELAXED, NULL);
}

uint64_t
weak_mix(uint64_t hash, uint64_t value)
{
    hash = (hash + value + 1) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

/* Places are numbered as they are met, which differs: by address, as a sum. */
static uint64_t
view_hash(const struct view *view)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < places; i++)
        if (view->time[i] > 0)
            sum += weak_mix(weak_mix(1, (uintptr_t)place[i].at), view->time[i]);
    return sum;
}

static uint64_t
place_hash(const struct place *it)
{
    uint64_t hash = weak_mix(2, (uintptr_t)it->at);

    for (unsigned m = 0; m < it->messages; m++) {
        hash = weak_mix(hash, it->message[m].value);
        hash = weak_mix(hash, it->message[m].follows);
        hash = weak_mix(hash, view_hash(&it->message[m].view));
    }
    return hash;
}

uint64_t
weak_hash(unsigned tasks)
{
    uint64_t hash = 0;

    for (unsigned i = 0; i < places; i++)
        if (place[i].messages > 1)
            hash += place_hash(&place[i]);
    for (unsigned i = 0; i < tasks; i++) {
        hash = weak_mix(hash, thread[i].learnt);
        hash = weak_mix(hash, view_hash(&thread[i].seen));
        hash = weak_mix(hash, view_hash(&thread[i].to_acquire));
        hash = weak_mix(hash, view_hash(&thread[i].released));
        hash = weak_mix(hash, view_hash(&thread[i].again));
    }
    return hash;
}
