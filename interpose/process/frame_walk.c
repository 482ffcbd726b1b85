/* frame_walk.c - see frame_walk.h. */
#include "frame_walk.h"

#include <pthread.h>
#include <stdbool.h>

#include "base.h"
#include "frame_rule.h"
#include "own_image.h"

enum { STACK_BYTES_MAX = 64 << 20 };

/* The end of the first thread's stack. Libcs other than glibc lack it. */
extern void *__libc_stack_end __attribute__((weak));

uint64_t frame_walk_generation;

uintptr_t
frame_stack_end(uintptr_t stack)
{
    uintptr_t thread = (uintptr_t)pthread_self();
    uintptr_t first =
        &__libc_stack_end != NULL ? (uintptr_t)__libc_stack_end : 0;

    if (stack < first && first - stack < STACK_BYTES_MAX)
        return first;
    if (stack < thread && thread - stack < STACK_BYTES_MAX)
        return thread;
    return 0;
}

#if defined(__x86_64__) && defined(__GLIBC__) && __GLIBC_PREREQ(2, 35)

#include <dlfcn.h>

enum {
    RULES = 1 << 13,           /* a power of two */
    FRAME_BYTES_MAX = 1 << 20, /* how far the next frame may be */
    WORD = sizeof(uintptr_t),
};

struct entry {
    uint64_t mixed; /* key ^ rule */
    uint64_t rule;
};

static struct entry entries[RULES];

struct walk {
    uintptr_t pc;
    uintptr_t stack;
    uintptr_t frame;            /* the frame pointer's register */
    uintptr_t end;              /* of the stack; UINTPTR_MAX: unknown */
    struct frame_object object; /* that held the last address */
    uint64_t stamp;
};

static always_inline bool
find_object(struct walk *walk, uintptr_t pc)
{
    struct dl_find_object found;

    if (pc >= walk->object.start && pc < walk->object.end)
        return true;
    if (_dl_find_object((void *)pc, &found) != 0)
        return false;
    walk->object.start = (uintptr_t)found.dlfo_map_start;
    walk->object.end = (uintptr_t)found.dlfo_map_end;
    walk->object.header = found.dlfo_eh_frame;
    walk->stamp = frame_object_stamp(&walk->object) +
                  __atomic_load_n(&frame_walk_generation, __ATOMIC_RELAXED);
    return true;
}

static always_inline uint64_t
read_rule(const struct entry *entry, uint64_t key)
{
    uint64_t rule = __atomic_load_n(&entry->rule, __ATOMIC_RELAXED);
    uint64_t mixed = __atomic_load_n(&entry->mixed, __ATOMIC_RELAXED);

    return (mixed ^ rule) == key ? rule : 0;
}

static void
write_rule(struct entry *entry, uint64_t key, uint64_t rule)
{
    __atomic_store_n(&entry->rule, rule, __ATOMIC_RELAXED);
    __atomic_store_n(&entry->mixed, key ^ rule, __ATOMIC_RELAXED);
}

/* Reads a rule and keeps it. A key has two places; the newer rule is first. */
static noinline struct frame_rule
learn(const struct walk *walk, uintptr_t pc, struct entry *first,
      struct entry *second, uint64_t key)
{
    struct frame_rule rule = frame_rule_find(&walk->object, pc);
    uint64_t old = __atomic_load_n(&first->rule, __ATOMIC_RELAXED);
    uint64_t mixed = __atomic_load_n(&first->mixed, __ATOMIC_RELAXED);

    if (old != 0)
        write_rule(second, mixed ^ old, old);
    write_rule(first, key, rule.word);
    return rule;
}

static always_inline struct frame_rule
rule_at(struct walk *walk, uintptr_t pc)
{
    struct frame_rule rule = {FRAME_END};
    struct entry *first;
    struct entry *second;
    uint64_t key;
    uint64_t place;

    if (!find_object(walk, pc))
        return rule;
    key = (pc ^ walk->stamp) * UINT64_C(0x9e3779b97f4a7c15);
    place = key >> 40 & (RULES - 1);
    first = &entries[place];
    second = &entries[place ^ 1];
    rule.word = read_rule(first, key);
    if (likely(rule.word != 0))
        return rule;
    rule.word = read_rule(second, key);
    return rule.word != 0 ? rule : learn(walk, pc, first, second, key);
}

static uintptr_t
word_at(uintptr_t at)
{
    return *(const uintptr_t *)at;
}

/* True if the word at that address lies in the stack, before the end. */
static always_inline bool
within(const struct walk *walk, uintptr_t at, uintptr_t end)
{
    return at - walk->stack < FRAME_BYTES_MAX && at <= end - WORD;
}

/* The CFA by the rule; 0: it does not lie in the stack. */
static always_inline uintptr_t
cfa_of(const struct walk *walk, struct frame_rule rule)
{
    uintptr_t base =
        frame_rule_base(rule) == FRAME_OF_STACK ? walk->stack : walk->frame;
    uintptr_t at = base + (uintptr_t)frame_rule_cfa(rule);

    if (unlikely(frame_rule_base(rule) == FRAME_IN_MEMORY))
        at = within(walk, at, walk->end) ? word_at(at) : 0;
    return likely(within(walk, at - WORD, walk->end)) && at % WORD == 0 ? at
                                                                        : 0;
}

/* Goes to the caller's frame. False: the stack is not as the rule says. */
static always_inline bool
step(struct walk *walk, struct frame_rule rule)
{
    uintptr_t cfa = cfa_of(walk, rule);
    uintptr_t saved;

    if (unlikely(cfa == 0))
        return false;
    if (frame_rule_saved(rule) != FRAME_SAME) {
        saved = frame_rule_saved(rule) == FRAME_AT_CFA ? cfa : walk->frame;
        saved += (uintptr_t)frame_rule_offset(rule);
        if (unlikely(!within(walk, saved, cfa)))
            return false;
        walk->frame = word_at(saved);
    }
    walk->pc = word_at(cfa - WORD);
    walk->stack = cfa;
    return true;
}

/* Fills in the three registers of the frame of the function that uses it. */
#define WALK_HERE(walk)                                                        \
    __asm__ volatile("leaq 0(%%rip), %0\n\tmovq %%rsp, %1\n\tmovq %%rbp, %2"   \
                     : "=&r"((walk)->pc), "=&m"((walk)->stack),                \
                       "=&m"((walk)->frame))

noinline int
frame_walk(uintptr_t *address, unsigned most)
{
    struct walk walk = {.end = 0};
    unsigned count = 0;
    uintptr_t own = 0; /* 1: walk.pc is a return address, behind its call */

    WALK_HERE(&walk);
    walk.end = frame_stack_end(walk.stack);
    if (walk.end == 0)
        walk.end = UINTPTR_MAX;
    while (count < most) {
        struct frame_rule rule = rule_at(&walk, walk.pc - own);

        if (frame_rule_kind(rule) == FRAME_END)
            break;
        if (frame_rule_kind(rule) != FRAME_STEP || !step(&walk, rule))
            return FRAME_WALK_FAILED;
        if (walk.pc == 0)
            break;
        own = 1;
        if (count > 0 || !own_image_holds(walk.pc))
            address[count++] = walk.pc - 1;
    }
    return (int)count;
}

#else

int
frame_walk(uintptr_t *address, unsigned most)
{
    (void)address;
    (void)most;
    return FRAME_WALK_FAILED;
}

#endif
