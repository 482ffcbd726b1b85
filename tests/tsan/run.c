/*
 * run.c - runs the tests of criterion.h, each in a process of its own: under
 * the thread sanitizer, and emulated by qemu-user, neither of which Criterion
 * survives.
 *
 * Prints what Criterion prints at its end, and ends with 1 if a test failed.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TIMEOUT_S = 200, SLOWDOWN = 3, FAILED = 1, SKIPPED = 77 };

/* It knows the parent's threads by addresses that the child's have again. */
#define NO_THREADS "the sanitizer forbids threads in a threaded one's child"

/* Tests of what the sanitizer itself does otherwise. */
static const struct {
    const char *suite;
    const char *name;
    const char *why;
} unsuited[] = {
    {"pool_cache", "destructors_of_a_thread_may_get_and_put",
     "the sanitizer's thread is over before the last destructors"},
    {"backend", "knows_its_own_blocks_from_others",
     "no addresses are jemalloc's alone"},
    {"signal_report", "a_handler_that_is_there_is_called_after_the_report",
     "the sanitizer delivers signals late"},
    {"signal_report", "a_handler_that_is_there_has_its_mask_and_flags",
     "the sanitizer delivers signals late"},
    {"pool_fork", "threads_that_ended_cost_a_child_nothing",
     "the sanitizer writes its own words about each lock and counter"},
    {"pool_fork", "the_end_of_an_operation_finishes", NO_THREADS},
    {"pool_fork", "no_other_thread_finishes", NO_THREADS},
    {"pool_fork", "a_child_of_a_late_thread_keeps_its_block", NO_THREADS},
};

static struct tsan_test *first;
static struct tsan_test **last = &first;

void
tsan_register(struct tsan_test *test)
{
    *last = test;
    last = &test->next;
}

_Noreturn void
tsan_fail(const char *file, int line, const char *what, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "%s:%d: does not hold: %s", file, line, what);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    fflush(NULL);
    _exit(FAILED);
}

_Noreturn void
tsan_skip(const char *why)
{
    fprintf(stderr, "skipped: %s\n", why);
    fflush(NULL);
    _exit(SKIPPED);
}

static bool
is_unsuited(const struct tsan_test *test)
{
    for (size_t i = 0; i < sizeof(unsuited) / sizeof(unsuited[0]); i++) {
        if (strcmp(unsuited[i].suite, test->suite) == 0 &&
            strcmp(unsuited[i].name, test->name) == 0) {
            printf("[SKIP] %s::%s: %s\n", test->suite, test->name,
                   unsuited[i].why);
            return true;
        }
    }
    return false;
}

static const struct tsan_options *
suite_options(const char *suite)
{
    static const struct tsan_options none;

    for (const struct tsan_test *test = first; test != NULL; test = test->next)
        if (test->name == NULL && strcmp(test->suite, suite) == 0)
            return &test->options;
    return &none;
}

/* parameter: NULL for a test without. */
_Noreturn static void
run_here(const struct tsan_test *test, void *parameter)
{
    const struct tsan_options *suite = suite_options(test->suite);

    alarm(test->options.timeout != 0 ? test->options.timeout * SLOWDOWN
                                     : TIMEOUT_S);
    if (suite->init != NULL)
        suite->init();
    if (test->options.init != NULL)
        test->options.init();
    if (parameter != NULL)
        test->body_of(parameter);
    else
        test->body();
    if (test->options.fini != NULL)
        test->options.fini();
    if (suite->fini != NULL)
        suite->fini();
    exit(0); /* The sanitizer's own check comes at exit. */
}

static unsigned tested;
static unsigned failing;
static unsigned crashing;

static void
run(const struct tsan_test *test, void *parameter)
{
    int status = -1;
    pid_t child;

    fflush(NULL);
    child = fork();
    if (child == 0)
        run_here(test, parameter);
    if (child > 0 && waitpid(child, &status, 0) != child)
        status = -1;

    bool ended = status >= 0 && WIFEXITED(status);
    bool passed =
        ended && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == SKIPPED);

    tested++;
    failing += ended && !passed;
    crashing += !ended;
    if (!passed)
        printf("[FAIL] %s::%s: status %#x\n", test->suite, test->name,
               (unsigned)status);
}

static void
run_with_each(const struct tsan_test *test)
{
    struct criterion_test_params all = test->parameters();

    for (size_t i = 0; i < all.length; i++)
        run(test, (char *)all.params + i * all.size);
}

int
main(void)
{
    for (const struct tsan_test *test = first; test != NULL;
         test = test->next) {
        if (test->name == NULL || is_unsuited(test))
            continue;
        if (test->parameters != NULL)
            run_with_each(test);
        else
            run(test, NULL);
    }
    printf("Synthesis: Tested: %u | Passing: %u | Failing: %u | Crashing: %u\n",
           tested, tested - failing - crashing, failing, crashing);
    return failing + crashing > 0;
}
