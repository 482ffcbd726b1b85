/*
 * sums.c - threads, forks and threads' ends, counted by the program itself.
 *
 *     sums DIRECTORY
 *
 * Sixteen lanes, in each of which four threads run one after the other. They
 * make calls of all kinds and hand buffers to each other, so that many are
 * freed by another thread, also after the one that got them has ended.
 * Meanwhile the process forks children, which free some of what they
 * inherited, make calls of their own and end. What each process did goes to
 * DIRECTORY/PID; sums.py compares it with the process's report, class by
 * class. Once all threads are joined no number may be off by one.
 */
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "classes.h"

enum {
    LANES = 16,
    GENERATIONS = 4,
    ROUNDS = 1500,
    OWN = 40,   /* buffers that a thread holds */
    BOXES = 64, /* in which threads leave buffers for each other */
    FORKS = 6,
    INHERITED = 30,
};

/* The calls of one thread, by class. */
struct count {
    unsigned long long gets[CLASSES], puts[CLASSES], requested[CLASSES],
        callocs[CLASSES], inherited[CLASSES], in_place[CLASSES], moved[CLASSES],
        above_calls, above_bytes, elsewhere;
};

/* The beginning of every buffer. */
struct buffer {
    size_t size;   /* as requested now */
    size_t served; /* the request that decided on the class */
    const struct count *getter;
};

static struct count counts[LANES * GENERATIONS + 1];
static _Atomic(struct buffer *) boxes[BOXES];
static struct buffer *inherited[INHERITED];

static size_t
random_size(uint64_t *state)
{
    uint64_t draw = check_random(state);
    size_t value = (size_t)(draw >> 20);
    if (draw % 8 == 0)
        return BAND_MAX + 1 + value % 100000;
    if (draw % 8 < 4) /* at the edges of classes, and above the band's */
        return class_bytes((unsigned)value % CLASSES) + (draw >> 8) % 2;
    return BAND_MIN + value % (BAND_MAX - BAND_MIN + 1);
}

static void
count_get(struct count *count, size_t served, size_t size)
{
    if (in_band(size)) {
        count->gets[class_of(served)]++;
        count->requested[class_of(served)] += size;
    } else {
        count->above_calls++;
        count->above_bytes += size;
    }
}

static struct buffer *
get(struct count *count, uint64_t *state)
{
    size_t size = random_size(state);
    bool zeroed = check_random(state) % 4 == 0;
    struct buffer *buffer = zeroed ? calloc(1, size) : malloc(size);
    CHECK(buffer != NULL, "%zu bytes", size);
    count_get(count, size, size);
    if (zeroed && in_band(size))
        count->callocs[class_of(size)]++;
    *buffer = (struct buffer){size, size, count};
    return buffer;
}

static void
put(struct count *count, struct buffer *buffer)
{
    if (in_band(buffer->served))
        count->puts[class_of(buffer->served)]++;
    count->elsewhere += buffer->getter != count;
    free(buffer);
}

static struct buffer *
resize(struct count *count, struct buffer *buffer, uint64_t *state)
{
    struct buffer was = *buffer;
    size_t size = random_size(state);
    struct buffer *now = realloc(buffer, size);
    CHECK(now != NULL, "%zu bytes", size);
    now->size = size;
    if (in_band(was.served) && now == buffer) {
        count->in_place[class_of(was.served)]++;
        return now;
    }
    now->served =
        in_band(was.served) ? class_deciding(class_of(was.served), size) : size;
    count_get(count, now->served, size);
    if (in_band(was.served)) {
        count->moved[class_of(was.served)]++;
        count->puts[class_of(was.served)]++;
        count->elsewhere += was.getter != count;
    }
    now->getter = count;
    return now;
}

static void *
work(void *argument)
{
    struct count *count = argument;
    uint64_t state = 77 + (uint64_t)(count - counts);
    struct buffer *own[OWN] = {NULL};
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t draw = check_random(&state);
        struct buffer **place = &own[(draw >> 32) % OWN];
        if (!*place)
            *place = get(count, &state);
        else if (draw % 8 == 0)
            *place = resize(count, *place, &state);
        else if (draw % 8 < 4)
            *place = atomic_exchange(&boxes[(draw >> 16) % BOXES], *place);
        else {
            put(count, *place);
            *place = NULL;
        }
    }
    for (unsigned i = 0; i < OWN; i += 2) { /* the others are left behind */
        if (own[i])
            put(count, own[i]);
    }
    return NULL;
}

/* One lane's threads, each started when the one before has ended. */
static void *
lane(void *argument)
{
    struct count *count = argument;
    for (unsigned i = 0; i < GENERATIONS; i++)
        pthread_join(check_spawn(work, count + i), NULL);
    return NULL;
}

static void
write_class(int fd, const struct count *sum, unsigned i)
{
    check_write(
        fd, "%s{\"gets\": %llu, \"puts\": %llu, \"requested_bytes\": %llu,\n",
        i ? ",\n" : "", sum->gets[i], sum->puts[i], sum->requested[i]);
    check_write(fd, "\"callocs\": %llu, \"inherited_puts\": %llu,",
                sum->callocs[i], sum->inherited[i]);
    check_write(fd, "\"reallocs_in_place\": %llu, \"reallocs_moved\": %llu,\n",
                sum->in_place[i], sum->moved[i]);
    unsigned long long live = sum->gets[i] - sum->puts[i];
    check_write(fd, "\"live\": %llu, \"live_bytes\": %llu}", live,
                live * class_bytes(i));
}

static void
write_count(const char *directory, const struct count *sum)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%d", directory, (int)getpid());
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    CHECK(fd >= 0, "%s", path);
    check_write(fd, "{\"elsewhere\": %llu, \"above\": ", sum->elsewhere);
    check_write(fd, "{\"calls\": %llu, \"bytes\": %llu},\n\"classes\": [\n",
                sum->above_calls, sum->above_bytes);
    for (unsigned i = 0; i < CLASSES; i++)
        write_class(fd, sum, i);
    check_write(fd, "]}\n");
    close(fd);
}

static void
child(const char *directory, unsigned number)
{
    static struct count count;
    uint64_t state = 999 + number;
    for (unsigned i = 0; i < INHERITED; i += 2) {
        count.inherited[class_of(inherited[i]->served)]++;
        free(inherited[i]);
    }
    for (unsigned i = 0; i < 200; i++) {
        struct buffer *buffer = get(&count, &state);
        if (i % 3 != 0)
            put(&count, resize(&count, buffer, &state));
    }
    write_count(directory, &count);
    exit(0);
}

static void
get_inherited(struct count *count)
{
    for (unsigned i = 0; i < INHERITED; i++) {
        size_t size = class_bytes(i % CLASSES);
        inherited[i] = malloc(size);
        CHECK(inherited[i] != NULL, "%zu bytes", size);
        count_get(count, size, size);
        *inherited[i] = (struct buffer){size, size, count};
    }
}

static void
add(struct count *sum, const struct count *from)
{
    const unsigned long long *source = (const unsigned long long *)from;
    unsigned long long *target = (unsigned long long *)sum;
    for (size_t i = 0; i < sizeof(*sum) / sizeof(*target); i++)
        target[i] += source[i];
}

int
main(int argc, char **argv)
{
    CHECK(argc == 2, "usage: sums DIRECTORY");
    static struct count sum;
    struct count *own = &counts[LANES * GENERATIONS];
    get_inherited(own);
    pthread_t lanes[LANES];
    for (unsigned i = 0; i < LANES; i++)
        lanes[i] = check_spawn(lane, &counts[i * GENERATIONS]);
    for (unsigned i = 0; i < FORKS; i++) {
        pid_t pid = fork();
        CHECK(pid >= 0, "fork");
        if (pid == 0)
            child(argv[1], i);
        check_child(pid, "child");
    }
    for (unsigned i = 0; i < LANES; i++)
        pthread_join(lanes[i], NULL);
    for (unsigned i = 0; i < BOXES; i += 2) {
        struct buffer *left = atomic_exchange(&boxes[i], NULL);
        if (left)
            put(own, left);
    }
    for (unsigned i = 0; i <= LANES * GENERATIONS; i++)
        add(&sum, &counts[i]);
    write_count(argv[1], &sum);
    return 0;
}
