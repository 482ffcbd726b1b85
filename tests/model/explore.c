/*
 * explore.c - see explore.h: the order of tasks, and all choices.
 */
#include "explore.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "weak.h"

enum { STACK_BYTES = 64 * 1024, CHOICES = 400, NOBODY = -1 };

static struct task {
    jmp_buf context;
    bool done;
    const volatile void *waits_at; /* NULL: it does not */
    _Alignas(64) char stack[STACK_BYTES];
} task[EXPLORE_TASKS];

static const struct explore_scene *scene;
static jmp_buf scheduler;
static ucontext_t first; /* how a task was entered: its stack */
static int running = NOBODY;

/* The run so far; the first so many choices are given. */
static unsigned choice[CHOICES], choices_of[CHOICES], given, depth;
static bool finishing; /* nothing is chosen any more */

_Noreturn static void
end(const char *what, int status)
{
    fprintf(stderr, "%s: %s; choices:", scene->name, what);
    for (unsigned i = 0; i < depth; i++)
        fprintf(stderr, " %u", choice[i]);
    fputc('\n', stderr);
    exit(status);
}

void
explore_fail(const char *what)
{
    end(what, 1);
}

void
explore_stop(const char *why)
{
    end(why, 2);
}

int
explore_self(void)
{
    return running;
}

unsigned
explore_choose(unsigned many)
{
    if (many == 1 || finishing)
        return 0;
    if (depth == CHOICES)
        explore_stop("no end");
    if (depth >= given)
        choice[depth] = 0;
    else if (choices_of[depth] != many)
        explore_stop("the same choices led elsewhere");
    choices_of[depth] = many;
    return choice[depth++];
}

/* The next sequence of choices. False: there is none. */
static bool
next_choices(void)
{
    while (depth > 0 && choice[depth - 1] + 1 == choices_of[depth - 1])
        depth--;
    if (depth == 0)
        return false;
    choice[depth - 1]++;
    given = depth;
    return true;
}

/* Without a system call, unlike swapcontext. */
static void
jump(jmp_buf from, jmp_buf to)
{
    if (_setjmp(from) == 0)
        _longjmp(to, 1);
}

bool
explore_step(const volatile void *at)
{
    void *own = NULL;

    if (running == NOBODY || (scene->shared != NULL && !scene->shared(at)))
        return false;
    if (scene->own != NULL)
        memcpy(&own, scene->own, sizeof(own));
    jump(task[running].context, scheduler);
    if (scene->own != NULL)
        memcpy(scene->own, &own, sizeof(own));
    return true;
}

static void
begin(void)
{
    int self = running;

    scene->task((unsigned)self);
    task[self].done = true;
    _longjmp(scheduler, 1);
}

static void
resume(unsigned number)
{
    running = (int)number;
    jump(scheduler, task[number].context);
    running = NOBODY;
}

/* Runs the task until its first step. */
static void
start(unsigned number)
{
    getcontext(&first);
    first.uc_stack.ss_sp = task[number].stack;
    first.uc_stack.ss_size = STACK_BYTES;
    makecontext(&first, begin, 0);
    task[number].done = false;
    task[number].waits_at = NULL;
    running = (int)number;
    if (_setjmp(scheduler) == 0)
        setcontext(&first);
    running = NOBODY;
}

static void
start_tasks(void)
{
    for (unsigned i = 0; i < scene->tasks; i++)
        start(i);
}

void
explore_wait(const volatile uint32_t *at, uint32_t value)
{
    if (!explore_step(at))
        return;
    weak_learn(*at);
    if (*at == value) {
        task[running].waits_at = at;
        explore_step(at);
    }
}

void
explore_wake(const volatile uint32_t *at)
{
    unsigned waiting[EXPLORE_TASKS];
    unsigned count = 0;

    if (!explore_step(at))
        return;
    weak_learn(0);
    for (unsigned i = 0; i < scene->tasks; i++)
        if (task[i].waits_at == at)
            waiting[count++] = i;
    if (count > 0)
        task[waiting[explore_choose(count)]].waits_at = NULL;
}

/* States that were seen, by their hash; 0 is free. */
enum { SEEN = 1 << 20 };
static uint64_t seen[SEEN];
static unsigned long states;

static bool
is_new(uint64_t hash)
{
    uint64_t at = hash % SEEN;

    hash |= hash == 0;
    while (seen[at] != 0 && seen[at] != hash)
        at = (at + 1) % SEEN;
    if (seen[at] == hash)
        return false;
    seen[at] = hash;
    if (++states > SEEN / 2)
        explore_stop("more states than there is room for");
    return true;
}

static uint64_t
state(void)
{
    uint64_t hash = weak_hash(scene->tasks);

    for (unsigned i = 0; i < scene->tasks; i++)
        hash = weak_mix(hash, (uintptr_t)task[i].waits_at + task[i].done);
    return hash;
}

/* The tasks that can go on. */
static unsigned
ready_tasks(unsigned ready[EXPLORE_TASKS])
{
    unsigned count = 0;

    for (unsigned i = 0; i < scene->tasks; i++)
        if (!task[i].done && task[i].waits_at == NULL)
            ready[count++] = i;
    return scene->in_turn && count > 1 ? 1 : count;
}

static void
check_end(void)
{
    for (unsigned i = 0; i < scene->tasks; i++)
        if (!task[i].done)
            explore_fail("all tasks wait");
    scene->check();
}

/* One run, its first choices given, until its state was seen before. */
static void
run(void)
{
    unsigned ready[EXPLORE_TASKS];
    unsigned count;

    scene->reset();
    weak_reset();
    depth = 0;
    finishing = false;
    start_tasks();
    while ((count = ready_tasks(ready)) != 0) {
        if (!finishing && depth >= given && !is_new(state())) {
            if (!scene->whole)
                return;
            finishing = true;
        }
        resume(ready[explore_choose(count)]);
    }
    check_end();
}

static void
explore(const struct explore_scene *it)
{
    unsigned long runs = 0;

    scene = it;
    memset(seen, 0, sizeof(seen));
    states = 0;
    given = 0;
    do {
        run();
        runs++;
    } while (next_choices());
    printf("%s: %lu states in %lu runs\n", it->name, states, runs);
    fflush(stdout);
}

/* Whether the scenes fail without the order of that number. */
static bool
is_needed(const struct explore_scene *scenes, unsigned count, unsigned number)
{
    int status;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        if (freopen("/dev/null", "w", stdout) == NULL ||
            freopen("/dev/null", "w", stderr) == NULL)
            _exit(2);
        weak_leave_out(number);
        for (unsigned i = 0; i < count; i++)
            explore(&scenes[i]);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        abort();
    return !WIFEXITED(status) || WEXITSTATUS(status) == 1;
}

int
explore_scenes(const struct explore_scene *scenes, unsigned count,
               bool without_orders, unsigned not_needed)
{
    unsigned found = 0;
    unsigned number;

    for (unsigned i = 0; i < count; i++)
        explore(&scenes[i]);
    for (number = 0; without_orders && number < weak_orders(); number++) {
        bool needed = is_needed(scenes, count, number);
        struct explore_site site = weak_order(number);

        printf("%s:%d: %s\n", site.file, site.line,
               needed ? "needed" : "not needed");
        found += needed;
    }
    if (!without_orders)
        return 0;
    printf("%u of %u orders are needed\n", found, number);
    return found > 0 && number - found == not_needed ? 0 : 1;
}

int
explore_main(int argc, char **argv, const struct explore_scene *scenes,
             unsigned count, bool *broken)
{
    const char *mode = argc > 1 ? argv[1] : "";

    *broken = strcmp(mode, "broken") == 0;
    return explore_scenes(scenes, count, strcmp(mode, "orders") == 0, 0);
}
