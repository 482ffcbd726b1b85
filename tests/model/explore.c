/*
 * explore.c - see explore.h.
 */
#include "explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

enum { STACK_BYTES = 64 * 1024, DEPTH_MAX = 400, NOBODY = -1 };

static struct task {
    ucontext_t context;
    const volatile void *address; /* of the access to come */
    bool write;
    bool done;
    _Alignas(64) char stack[STACK_BYTES];
} task[EXPLORE_TASKS];

/* A place in a run where one of several tasks was chosen. */
static struct node {
    unsigned enabled; /* tasks, as bits */
    unsigned asleep;  /* of these, those that need no exploring here */
    int chosen;
} node[DEPTH_MAX];

static const struct explore_scene *scene;
static ucontext_t scheduler;
static int running = NOBODY;
static unsigned depth;

void
explore_fail(const char *what)
{
    fprintf(stderr, "%s: %s; order of tasks:", scene->name, what);
    for (unsigned i = 0; i < depth; i++)
        fprintf(stderr, " %d", node[i].chosen);
    fputc('\n', stderr);
    exit(1);
}

void
explore_point(const volatile void *address, bool write)
{
    struct task *self;

    if (running == NOBODY)
        return;
    self = &task[running];
    self->address = address;
    self->write = write;
    swapcontext(&self->context, &scheduler);
}

static void
begin(void)
{
    int self = running;

    scene->task((unsigned)self);
    task[self].done = true;
    swapcontext(&task[self].context, &scheduler);
}

static void
resume(int number)
{
    running = number;
    swapcontext(&scheduler, &task[number].context);
    running = NOBODY;
}

/* A function of its own: getcontext returns twice, as far as gcc knows. */
static void
prepare(unsigned number)
{
    getcontext(&task[number].context);
    task[number].context.uc_stack.ss_sp = task[number].stack;
    task[number].context.uc_stack.ss_size = STACK_BYTES;
    task[number].done = false;
    makecontext(&task[number].context, begin, 0);
}

static void
start_tasks(void)
{
    for (unsigned i = 0; i < scene->tasks; i++) {
        prepare(i);
        resume((int)i);
    }
}

static unsigned
enabled_tasks(void)
{
    unsigned mask = 0;

    for (unsigned i = 0; i < scene->tasks; i++)
        mask |= (unsigned)!task[i].done << i;
    return mask;
}

static bool
independent(unsigned a, unsigned b)
{
    return task[a].address != task[b].address ||
           (!task[a].write && !task[b].write);
}

/* Those asleep that what the chosen task does next does not wake. */
static unsigned
still_asleep(const struct node *at)
{
    unsigned mask = 0;

    for (unsigned i = 0; i < scene->tasks; i++) {
        if (at->asleep >> i & 1 && independent(i, (unsigned)at->chosen))
            mask |= 1u << i;
    }
    return mask;
}

static bool
choose(struct node *at)
{
    unsigned left = at->enabled & ~at->asleep;

    at->chosen = left != 0 ? __builtin_ctz(left) : NOBODY;
    return left != 0;
}

/* One run, its first choices given. False: it equals one seen before. */
static bool
run(unsigned given)
{
    unsigned asleep = 0;

    scene->reset();
    depth = 0;
    start_tasks();
    while (enabled_tasks() != 0) {
        struct node *at = &node[depth];

        if (depth == DEPTH_MAX - 1)
            explore_fail("no end");
        if (depth >= given) {
            at->enabled = enabled_tasks();
            at->asleep = asleep;
            if (!choose(at))
                return false;
        }
        asleep = still_asleep(at);
        depth++;
        resume(at->chosen);
    }
    return true;
}

/* The next choice that was not made yet, deepest first; 0: none. */
static unsigned
backtrack(void)
{
    while (depth > 0) {
        struct node *at = &node[--depth];

        at->asleep |= 1u << at->chosen;
        if (choose(at))
            return depth + 1;
    }
    return 0;
}

void
explore_all(const struct explore_scene *it)
{
    unsigned long runs = 0;
    unsigned given = 0;

    scene = it;
    do {
        if (run(given)) {
            scene->check();
            runs++;
        }
        given = backtrack();
    } while (given != 0);
    printf("%s: %lu different runs\n", it->name, runs);
    fflush(stdout);
}
